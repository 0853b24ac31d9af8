"""A file is what is in it: its name and its declared type count for nothing."""

import pytest

from app.casework.files import KNOWN, LONGEST_NAME, MOST_BYTES, FileKind, FileRefused, read_upload, shown_name

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 64 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"


@pytest.mark.parametrize(
    ("name", "data", "kind", "kept_as"),
    [
        ("现场照片.jpg", JPEG, FileKind.JPEG, "现场照片.jpg"),
        ("现场照片.JPEG", JPEG, FileKind.JPEG, "现场照片.jpg"),
        ("scan.pdf", PDF, FileKind.PDF, "scan.pdf"),
        ("截图", PNG, FileKind.PNG, "截图.png"),
        ("page.html", JPEG, FileKind.JPEG, "page.html.jpg"),
        ("photo.jpg", PNG, FileKind.PNG, "photo.png"),
    ],
)
def test_the_content_says_what_it_is_and_gives_the_ending(name: str, data: bytes, kind: FileKind, kept_as: str) -> None:
    upload = read_upload(name, data)

    assert (upload.kind, upload.name) == (kind, kept_as)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("photo.jpg", b"", "空文件"),
        ("photo.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "不是照片"),
        ("photo.png", b"<!doctype html><script>alert(1)</script>", "不是照片"),
        ("run.pdf", b"MZ\x90\x00", "不是照片"),
        ("run.pdf", b" %PDF-1.7", "不是照片"),
        ("photo.png", b"\x89PNG\r\n\x1a\n<html>", "不是照片"),
        ("anim.gif", b"GIF89a", "不是照片"),
        ("photo.jpg", JPEG + b"\0" * MOST_BYTES, "超过8兆"),
    ],
)
def test_what_is_none_of_them_empty_or_too_large_is_refused_in_chinese(name: str, data: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        read_upload(name, data)


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\li\\门口.jpg", "门口.jpg"),
        ("a/b/", "附件.jpg"),
        ("", "附件.jpg"),
        (".jpg", "jpg.jpg"),
        ("...", "附件.jpg"),
        ("a\0b\r\nc\u202egpj.exe", "abcgpj.exe.jpg"),
        ("长" * 300, "长" * LONGEST_NAME + ".jpg"),
    ],
)
def test_a_name_is_made_harmless(name: str, kept_as: str) -> None:
    assert shown_name(name, ".jpg") == kept_as


def test_no_type_is_taken_that_a_browser_would_run() -> None:
    assert {known.media_type for known in KNOWN.values()} == {"image/jpeg", "image/png", "application/pdf"}
