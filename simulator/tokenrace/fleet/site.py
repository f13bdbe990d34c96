"""Where a process's own HTTP client finds the provider."""

from tokenrace.provider.app import Credentials
from tokenrace.provider.reading import CALLER_PARAMETER
from tokenrace.strategies.ports import Site


def site_at(base_url: str, process: str, credentials: Credentials) -> Site:
    """Return the provider at ``base_url``, as the process named ``process`` is told of it."""
    return Site(
        token_url=f"{base_url}/oauth/token?{CALLER_PARAMETER}={process}",
        api_url=base_url,
        account_id=credentials.account_id,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
    )
