"""The order of keys, whatever they are: a bucket that is a folder lists as one that is not."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.cloud.objects.bucket import Content, InvalidObject
from tenantable.cloud.objects.embedded import EmbeddedObjects

# Signs around the slash in the order of bytes, and one beyond ASCII.
segments = st.text("a-.0ä!", min_size=1, max_size=3).filter(lambda text: text not in {".", ".."})
keys = st.lists(segments, min_size=1, max_size=3).map("/".join)


@settings(max_examples=60, deadline=None)
@given(put=st.lists(keys, max_size=12), deleted=st.lists(keys, max_size=4), data=st.data())
def test_lists_what_a_sorted_list_of_keys_would(put: list[str], deleted: list[str], data: st.DataObject) -> None:
    expected: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        bucket = EmbeddedObjects(Path(folder)).bucket("archive")
        for key in put:
            try:
                bucket.put(key, Content(body=b""))
                expected.add(key)
            except InvalidObject:  # a path is a file or a folder
                assert any(key.startswith(f"{other}/") or other.startswith(f"{key}/") for other in expected)
        for key in deleted:
            bucket.delete(key)
            expected.discard(key)
        prefix = data.draw(st.sampled_from(["", *(key[:2] for key in put), *(f"{key}/" for key in put)]))
        after = data.draw(st.none() | keys)
        limit = data.draw(st.integers(1, 13))
        page = bucket.page(prefix, limit=limit, after=after)
    matching = [key for key in expected if key.startswith(prefix) and key.encode() > (after or "").encode()]
    assert [found.key for found in page.objects] == sorted(matching, key=str.encode)[:limit]
    assert (page.next is not None) == (len(matching) > limit)
