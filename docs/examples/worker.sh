#!/bin/sh
# A worker that keeps one token and asks for another when it is refused.

new_token() {
    curl --silent --fail --max-time 5 \
        --user "$TOKENRACE_CLIENT_ID:$TOKENRACE_CLIENT_SECRET" \
        --data "grant_type=account_credentials&account_id=$TOKENRACE_ACCOUNT_ID" \
        "$TOKENRACE_TOKEN_URL" | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p'
}

token=$(new_token)
while :; do
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 \
        --header "Authorization: Bearer $token" "$TOKENRACE_API_URL/v2/users/me")
    if [ "$status" = 401 ]; then
        token=$(new_token)
    fi
done
