"""Uploads held in memory: no plain copy of a partner's file ever stands on a disk."""

from __future__ import annotations

import os
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from importers.deposits.opening import MOST_BYTES


class MemoryUpload(FileUploadHandler):
    """Keeps what arrives in anonymous memory; stops the connection over the limit.

    A file that was cut is told apart by ``too_large`` on the request's META.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._held = os.fdopen(os.memfd_create("upload"), "w+b")
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece. Raises StopUpload over the limit."""
        self._size += len(raw_data)
        if self._size > MOST_BYTES:
            self._held.close()
            if self.request is not None:
                self.request.META["observatory.too_large"] = True
            raise StopUpload(connection_reset=True)
        self._held.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """Hand the file over."""
        self._held.seek(0)
        return UploadedFile(self._held, self.file_name, self.content_type, file_size)

    def upload_interrupted(self) -> None:
        """Let go of what had arrived."""
        if hasattr(self, "_held"):
            self._held.close()
