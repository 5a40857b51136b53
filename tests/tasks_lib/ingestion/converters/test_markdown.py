"""Markdown stays as it is; its front matter is metadata, and MDX loses its program without moving a character."""

from hypothesis import given
from hypothesis import strategies as st

from tasks_lib.ingestion.converters.convert import convert
from tasks_lib.ingestion.converters.mdx import without_components

MDX = """---
title: Install
---
import Tabs from '@theme/Tabs';
export const version = {
  major: 3,
};

# Install

<Tabs groupId="os">
  <TabItem value="linux" label="On Linux">

Run `<Install />` version {version.major}.

```jsx
import x from 'y';
<Keep me="here"/>
```

  </TabItem>
</Tabs>

{/* nobody reads this */}

The port is <b>8443</b>, a < b and import duties apply.
"""


def test_front_matter_in_toml_is_read_like_that_in_yaml() -> None:
    block = '+++\ntitle = "Crane"\ndraft = true\nweight = 30\naliases = ["/old/crane"]\n+++\n'
    text = f"{block}\nThe crane lifts nine tonnes.\n"
    document = convert("a.md", text.encode())
    assert document.title == "Crane"
    assert document.text[document.body :] == "\nThe crane lifts nine tonnes.\n"
    assert document.meta == {"draft": "true", "weight": 30, "aliases": "/old/crane"}


def test_front_matter_is_metadata_under_names_that_can_be_filtered_by() -> None:
    text = "---\ntitle: A\nproduct-line: X1\ntags: [a, b]\nstart: 3\nowner: {name: x}\nsource: y\n---\nText\n"
    assert convert("a.md", text.encode()).meta == {"product_line": "X1", "tags": "a, b"}


def test_a_toml_block_that_is_none_is_content() -> None:
    assert convert("a.md", b"+++\nno = toml = here\n+++\ntext").body == 0


def test_mdx_is_read_without_its_program() -> None:
    document = convert("a.mdx", MDX.encode())
    words = " ".join(document.text[document.body :].split())
    assert words == (
        "# Install On Linux Run `<Install />` version {version.major}. "
        "```jsx import x from 'y'; <Keep me=\"here\"/> ``` "
        "The port is <b>8443</b>, a < b and import duties apply."
    )
    assert document.title == "Install"
    start = document.text.index("The port")
    assert MDX[start:].startswith("The port is")


@given(st.text("ab<>{}/`\"'= \n#ABC.importexport", max_size=120))
def test_no_character_moves(text: str) -> None:
    blanked = without_components(text)
    assert len(blanked) == len(text)
    assert all(seen in {given_, " "} for seen, given_ in zip(blanked, text, strict=True))
