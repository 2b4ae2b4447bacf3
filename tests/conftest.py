"""Shared fixtures."""

import pytest

from lib import data


@pytest.fixture
def originals(request):
    """Skip unless every dataset named in ``@pytest.mark.originals("key", …)`` is at hand."""
    keys = request.node.get_closest_marker("originals").args
    missing = [key for key in keys if not data.available(key)]
    if missing:
        pytest.skip(f"original data absent: {', '.join(missing)} (make data, or GVC_BOOK_DATA)")


def pytest_collection_modifyitems(items):
    """A test marked `originals` always checks first that they are there."""
    for item in items:
        if item.get_closest_marker("originals"):
            item.fixturenames.insert(0, "originals")
