"""Requests made from the two OpenAPI documents: every answer is a documented one, and none a 5xx.

The requests are drawn from the documents and are the same every time. Waits are left out: they
would take real time.
"""

from base64 import b64encode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from tests.server.served_command import serving

EXAMPLES = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
WHAT_MUST_HOLD = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


def hold_to(document, headers, *, leave_out=()):
    """Send requests made from the document at that address, and check every answer; return how
    many operations were tried."""
    tried = 0
    for found in schemathesis.openapi.from_url(document).get_all_operations():
        operation = found.ok()
        if operation.path in leave_out:
            continue

        @EXAMPLES
        @given(case=operation.as_strategy())
        def answers_as_documented(case):
            case.call_and_validate(checks=WHAT_MUST_HOLD, headers=headers)

        answers_as_documented()
        tried += 1
    return tried


@pytest.fixture
def served():
    with serving("--live-tokens", "2", "--plan", "business") as running:
        yield running


def test_the_mock_zoom_answers_as_its_document_says(served):
    """With a valid token and client: what is drawn is then about users, meetings and bodies."""
    document = f"{served.base}/_control/zoom-openapi.json"
    api = {"authorization": f"Bearer {served.token()}"}
    pair = f"{served.env['ZOOM_CLIENT_ID']}:{served.env['ZOOM_CLIENT_SECRET']}"
    client = {"authorization": "Basic " + b64encode(pair.encode()).decode()}

    assert hold_to(document, api, leave_out=["/oauth/token"]) == 4
    assert hold_to(document, client) == 5


def test_the_control_api_answers_as_its_document_says(served):
    """Whatever is asked of it; events that drop connections are among what is drawn."""
    document = f"{served.base}/_control/openapi.json"

    assert hold_to(document, {}, leave_out=["/wait"]) >= 8
