from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage

from system.models import PrivateFile


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Where this test's files lie."""
    storage = FileSystemStorage(location=tmp_path, base_url=None)
    monkeypatch.setattr(PrivateFile._meta.get_field("content"), "storage", storage)
    return tmp_path
