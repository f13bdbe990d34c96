// Workers that share one token; whoever is refused asks for another. Needs Node 18 or newer.

import { setTimeout as sleep } from "node:timers/promises";

const env = process.env;
const client = Buffer.from(`${env.TOKENRACE_CLIENT_ID}:${env.TOKENRACE_CLIENT_SECRET}`);

async function newToken() {
  for (let pause = 1000; ; pause = Math.min(2 * pause, 32_000)) {
    const answer = await fetch(env.TOKENRACE_TOKEN_URL, {
      method: "POST",
      headers: { Authorization: `Basic ${client.toString("base64")}` },
      body: new URLSearchParams({
        grant_type: "account_credentials",
        account_id: env.TOKENRACE_ACCOUNT_ID,
      }),
    });
    if (answer.ok) return (await answer.json()).access_token;
    console.error(`no token: ${answer.status} ${await answer.text()}`);
    await sleep(pause); // back off: 1 s, 2 s, 4 s, ... up to 32 s
  }
}

let token = newToken(); // a promise: those who come meanwhile wait for the same one

async function work() {
  for (;;) {
    const used = token;
    const answer = await fetch(new URL("/v2/users/me", env.TOKENRACE_API_URL), {
      headers: { Authorization: `Bearer ${await used}` },
    });
    await answer.text();
    if (answer.status === 401 && token === used) token = sleep(200).then(newToken);
    await sleep(answer.ok ? 20 : 200);
  }
}

await Promise.all(Array.from({ length: Number(env.TOKENRACE_WORKERS) }, work));
