"""Tables of labels: what is read of them, and the folders of links that they become."""

import os
import unicodedata
from pathlib import Path

import pytest

from realink.errors import InputError
from realink.images import labels, linked, listing

NFC, NFD = (unicodedata.normalize(form, "Grün") for form in ("NFC", "NFD"))


@pytest.fixture
def pictures(tmp_path):
    for file in ("a.png", "day/b.png", "thumbs/c.png", f"{NFD}/{NFD}.png", f"{NFC}2.png"):
        path = tmp_path / "pictures" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    return tmp_path / "pictures"


@pytest.fixture
def read(tmp_path, pictures):
    def read(text):
        table = tmp_path / "labels.csv"
        table.write_bytes(text if isinstance(text, bytes) else text.encode())
        return labels.read(table, pictures)

    return read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,class\na.png,x\nb.png,pepper, red\n", "line 3: has 3 values for 2 .*in quotes"),
        ("file,class,\na.png,pepper, red\n", "line 2: has 3 values for 2 .*in quotes"),
        ("file,class,class\na.png,x,y\n", r"labels\.csv: has two columns 'class'"),
        ('file,class\na.png,"x\nb.png,y\nc.png",z\n', "line 2: the class 'x' goes on in the next"),
        ('file,class\n"a.png\nb.png",y\n', "line 2: the file 'a.png' goes on in the next line"),
        ("file,class\n\n\na.png,\n", "line 4: has no class"),
        ('file,class\n"a.png\n",x\n\n,\nday/b.png,a/b\n', "line 6: the class 'a/b'"),
        (f"file,class\na.png,{'x' * 256}\n", "line 2: the class 'x*...' .* too long"),
        ("file,class\n/elsewhere/a.png,x\n", "line 2: the file '/elsewhere/a.png' .*below --real"),
        ("file,class\n..\\pictures\\a.png,x\n", "line 2: the file '../pictures/a.png' is no path"),
        ("file,class\na.png,x\n./a.png,x\n", "line 3: 'a.png' stands there twice"),
        ("file,class\n,\n", "has no line of a picture"),
        ("file,class\nGrün.png,x\n".encode("cp1252"), r"labels\.csv, line 2, .*iconv -f CP1252"),
        ("file\tclass\na.png\tx\n".encode("utf-16"), r"labels\.csv is in UTF-16.*-f UTF-16 "),
        (b"PK\x03\x04\x14\0", "spreadsheet's own file: save it as CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read, text, said):
    with pytest.raises(InputError, match=f"--labels .*{said}"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nfile;class\na.png;pepper, red\n",
        '"sep=;"\r\nfile;class\r\na.png;pepper, red\r\n',
        "sep=|\nfile|class\na.png|pepper, red\n",
        'file,class,,\n , \na.png,"pepper, red",,\n,,\n\n',
        "\nfile\tclass\na.png\tpepper, red\n",
    ],
)
def test_what_spreadsheets_write_is_read(read, text):
    assert read(text) == [labels.Row("a.png", "pepper, red", "", "")]


def test_paths_are_found_as_other_systems_write_them(read, pictures, tmp_path):
    (tmp_path / "link").symlink_to(pictures)
    for written, there in {
        pictures / "day/b.png": "day/b.png",
        "day\\b.png": "day/b.png",
        ".\\day\\b.png": "day/b.png",
        f"{NFC}/{NFC}.png": f"{NFD}/{NFD}.png",
        f"{NFC}\\{NFC}.png": f"{NFD}/{NFD}.png",
        f"{NFD}2.png": f"{NFC}2.png",
        f"{NFC}/nothing.png": f"{NFC}/nothing.png",
    }.items():
        assert [row.file for row in read(f"file,class\n{written},x\n")] == [there]
    # A folder that is a link, by its own name and by what it links to.
    table = tmp_path / "labels.csv"
    for folder in ("link", "pictures"):
        table.write_text(f"file,class\n{tmp_path / folder / 'a.png'},x\n")
        assert labels.read(table, tmp_path / "link")[0].file == "a.png"
    # One name, composed in two ways, is one class.
    assert len({row.label for row in read(f"file,class\na.png,{NFC}\nday/b.png,{NFD}\n")}) == 1


def test_all_that_a_table_names_is_read_whatever_folders_are_called(read, pictures, tmp_path):
    rows = read("file,class\na.png,@eaDir\nday/b.png,thumb\nthumbs/c.png,cat\n")
    linked.link(rows, pictures, tmp_path / "data/mine")
    found = listing.list_labelled(tmp_path / "data/mine", None)
    assert found.classes == ("@eaDir", "cat", "thumb")
    assert len(found.used) == 3
    # What a program puts there afterwards is none of it.
    (tmp_path / "data/mine/cat/@eaDir").mkdir()
    (tmp_path / "data/mine/cat/@eaDir/SYNOPHOTO_THUMB_M.jpg").touch()
    assert len(listing.list_labelled(tmp_path / "data/mine", None).used) == 3


def broken_link(data: Path):
    data.symlink_to("nowhere")


def file(data: Path):
    data.touch()


@pytest.mark.parametrize("obstacle", [broken_link, file])
def test_where_no_links_can_be_made_is_one_line(read, pictures, tmp_path, obstacle):
    rows, data = read("file,class\na.png,x\nday/b.png,y\n"), tmp_path / "data"
    obstacle(data)
    said = f"--labels: {data}: .*mine cannot be made: let {data} be a folder .* without --labels"
    with pytest.raises(InputError, match=said):
        linked.link(rows, pictures, data / "mine")


def test_a_file_system_without_links_is_one_line(read, pictures, tmp_path, monkeypatch):
    def refuse(place, target):
        raise PermissionError(1, "Operation not permitted", str(target), None, str(place))

    rows = read("file,class\na.png,x\nday/b.png,y\n")
    monkeypatch.setattr(Path, "symlink_to", refuse)
    with pytest.raises(InputError, match=r"/x/a\.png: Operation not permitted, so .* has links"):
        linked.link(rows, pictures, tmp_path / "data/mine")
    assert os.listdir(tmp_path / "data") == []
