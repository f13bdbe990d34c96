#!/bin/sh
# A worker that keeps one token and asks for another when it is refused.

new_token() {
    pause=1
    while :; do
        token=$(
            curl --silent --fail --max-time 5 \
                --user "$TOKENRACE_CLIENT_ID:$TOKENRACE_CLIENT_SECRET" \
                --data "grant_type=account_credentials&account_id=$TOKENRACE_ACCOUNT_ID" \
                "$TOKENRACE_TOKEN_URL" | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p'
        )
        if [ -n "$token" ]; then return; fi
        sleep "$pause" # back off: 1 s, 2 s, 4 s, ... up to 32 s
        if [ "$pause" -lt 32 ]; then pause=$((pause * 2)); fi
    done
}

new_token
while :; do
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 \
        --header "Authorization: Bearer $token" "$TOKENRACE_API_URL/v2/users/me")
    if [ "$status" = 401 ]; then
        sleep 0.2 # the new token may be refused too
        new_token
    elif [ "$status" != 200 ]; then
        sleep 1
    fi
done
