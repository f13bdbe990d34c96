"""Calls of a store that have so long to answer: what becomes of one that is given up."""

import asyncio

import pytest

from tokenrace.stores.bounded import answered


def test_who_is_cancelled_while_a_call_is_given_up_is_cancelled():
    """A worker that went on instead would outlive its run.

    The call is given up at once. It does not end then, as one that asks a server to stop it, and
    meanwhile its caller is cancelled.
    """

    async def story():
        is_given_up = asyncio.Event()

        async def reluctant():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                is_given_up.set()
                await asyncio.Event().wait()

        calling = asyncio.create_task(answered(reluctant(), 1))
        await is_given_up.wait()
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

    asyncio.run(story())


def test_a_call_that_is_not_ended_when_it_is_given_up_is_cancelled_again():
    """At the second time it waits for the server no more, and the caller goes on."""

    async def story():
        cancelled = []

        async def reluctant():
            while len(cancelled) < 2:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.append(True)

        with pytest.raises(TimeoutError):
            await answered(reluctant(), 1)
        assert len(cancelled) == 2

    asyncio.run(story())
