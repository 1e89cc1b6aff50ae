"""The answer that hands a drawn file to the browser, to look at or to keep."""

from __future__ import annotations

from django.http import HttpResponse


def file_answer(body: bytes, kind: str, name: str, *, inline: bool = False) -> HttpResponse:
    """Return a file of media type ``kind``, shown in the page if ``inline``, else downloaded.

    What a reader sees depends on the rights, so the answer is kept by that reader's browser only.
    """
    return HttpResponse(
        body,
        content_type=kind,
        headers={
            "Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{name}"',
            "Cache-Control": "private, max-age=300",
        },
    )
