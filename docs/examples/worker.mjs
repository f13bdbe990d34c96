// Workers that share one token; whoever is refused asks for another. Needs Node 18 or newer.

const env = process.env;
const client = Buffer.from(`${env.TOKENRACE_CLIENT_ID}:${env.TOKENRACE_CLIENT_SECRET}`);

async function newToken() {
  const answer = await fetch(env.TOKENRACE_TOKEN_URL, {
    method: "POST",
    headers: { Authorization: `Basic ${client.toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "account_credentials",
      account_id: env.TOKENRACE_ACCOUNT_ID,
    }),
  });
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).access_token;
}

let token = await newToken();

async function work() {
  for (;;) {
    const used = token;
    const answer = await fetch(new URL("/v2/users/me", env.TOKENRACE_API_URL), {
      headers: { Authorization: `Bearer ${used}` },
    });
    await answer.text();
    if (answer.status === 401 && token === used) token = await newToken();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await Promise.all(Array.from({ length: Number(env.TOKENRACE_WORKERS) }, work));
