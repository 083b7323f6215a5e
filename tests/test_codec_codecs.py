"""The codecs without I/O: what they make of bytes, however these are cut, and what they refuse."""

from __future__ import annotations

import array
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import Wire, cuts, drained

from mezame.codec import (
    AnyDelimiterCodec,
    AnyDelimiterCodecError,
    BytesCodec,
    Decoder,
    Encoder,
    FramedRead,
    LengthDelimitedCodec,
    LengthDelimitedCodecError,
    LinesCodec,
    LinesCodecError,
)
from mezame.errors import UnexpectedEof

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

PLACES = st.lists(st.integers(0, 400), max_size=30)


def decoded(codec, data, places=()):
    """Outcomes of ``data``, cut at ``places``; an exception as its type."""
    found = drained(FramedRead(Wire(cuts(data, places)), codec))
    return [type(one) if isinstance(one, Exception) else one for one in found]


def encoded(codec, *items):
    buf = bytearray()
    for item in items:
        codec.encode(item, buf)
    return bytes(buf)


# --- LinesCodec -------------------------------------------------------------------------------------------------------


def model_of_lines(data, limit):
    *lines, last = data.split(b"\n")
    for n, line in enumerate([*lines, last]):
        if n == len(lines) and line in (b"", b"\r") and not (limit is not None and len(line) > limit):
            return
        if limit is not None and len(line) > limit:
            yield LinesCodecError
            continue
        try:
            yield line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            yield LinesCodecError


PARTS = [b"\n", b"\r\n", b"\r", b"a", b"bc", b"\xe7\x9b\xae", b"\xff", b"x" * 9]
LINES = st.lists(st.sampled_from(PARTS)).map(b"".join)


@steady
@given(LINES, PLACES, st.one_of(st.none(), st.integers(0, 12)))
def test_lines_are_the_same_however_the_bytes_are_cut(data, places, limit):
    assert decoded(LinesCodec(limit), data, places) == list(model_of_lines(data, limit))


@steady
@given(st.lists(st.text().filter(lambda text: "\n" not in text and not text.endswith("\r"))), PLACES)
def test_lines_encoded_and_decoded_are_the_same(lines, places):
    assert decoded(LinesCodec(), encoded(LinesCodec(), *lines), places) == lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a\nb\r\n\nc", ["a", "b", "", "c"]),
        (b"a\r", ["a"]),
        (b"a\n\r", ["a"]),
        (b"a\r\r\n", ["a\r"]),
    ],
)
def test_lines(data, lines):
    assert decoded(LinesCodec(), data) == lines


def test_a_line_as_long_as_the_limit_is_no_error_and_one_more_byte_is():
    assert decoded(LinesCodec(3), b"abc\nabcd\nabc\r\nab\r\n") == ["abc", LinesCodecError, LinesCodecError, "ab"]
    assert decoded(LinesCodec.new_with_max_length(0), b"\na\n\n") == ["", LinesCodecError, ""]


def test_the_error_of_a_long_line_names_the_limit_and_what_happens():
    with pytest.raises(LinesCodecError, match=r"longer than 3 bytes.*skipped") as caught:
        LinesCodec(3).decode(bytearray(b"abcd"))
    assert caught.value.is_max_line_length_exceeded()


def test_the_error_of_bad_text_keeps_the_cause():
    codec, buf = LinesCodec(), bytearray(b"ab\xff\nnext\n")
    with pytest.raises(LinesCodecError, match="no UTF-8: invalid start byte at byte 2") as caught:
        codec.decode(buf)
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)
    assert not caught.value.is_max_line_length_exceeded()
    assert codec.decode(buf) == "next"


def test_an_endless_line_is_not_kept():
    codec, buf = LinesCodec(100), bytearray(b"x" * 101)
    with pytest.raises(LinesCodecError):
        codec.decode(buf)
    for _ in range(100):
        assert len(buf) == 0
        buf += b"y" * 1000
        assert codec.decode(buf) is None
    buf += b"\nok\n"
    assert codec.decode(buf) == "ok"


def test_lines_has_a_limit_unless_it_is_switched_off():
    assert LinesCodec().max_length() == 8 << 20
    with pytest.raises(LinesCodecError):
        LinesCodec().decode(bytearray((8 << 20) + 1))
    assert LinesCodec(None).max_length() is None
    assert LinesCodec(None).decode(bytearray((8 << 20) + 1)) is None


@pytest.mark.parametrize("bad", [-1, 1.5, "8", True])
def test_a_bad_limit_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match="max_length"):
        LinesCodec(bad)
    with pytest.raises((TypeError, ValueError), match="max_length"):
        AnyDelimiterCodec(max_length=bad)


def test_lines_encodes_text_only():
    with pytest.raises(TypeError, match="LinesCodec encodes str, not b'x'"):
        LinesCodec().encode(b"x", bytearray())


def test_the_line_after_the_end_is_searched_from_its_beginning():
    codec = LinesCodec()
    assert codec.decode_eof(bytearray(b"abc")) == "abc"
    assert codec.decode(bytearray(b"x\n")) == "x"


def test_reset_forgets_the_line_in_the_middle():
    codec = LinesCodec(3)
    with pytest.raises(LinesCodecError):
        codec.decode(bytearray(b"abcd"))
    codec.reset()
    assert codec.decode(bytearray(b"ab\n")) == "ab"
    assert codec.decode(bytearray(b"abc")) is None
    codec.reset()
    assert codec.decode(bytearray(b"x\n")) == "x"


# --- AnyDelimiterCodec ------------------------------------------------------------------------------------------------


def model_of_pieces(data, delimiters, limit):
    piece = b""
    for byte in data:
        if byte in delimiters:
            yield AnyDelimiterCodecError if limit is not None and len(piece) > limit else piece
            piece = b""
        else:
            piece += bytes((byte,))
    if piece:
        yield AnyDelimiterCodecError if limit is not None and len(piece) > limit else piece


@steady
@given(
    st.binary(max_size=60).map(lambda data: bytes(b"ab,;\n-]^\\"[byte % 9] for byte in data)),
    st.sampled_from([b",", b",;\n\r", b"]-", b"^\\", b"a-c", b"-]\\^\n"]),
    PLACES,
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_pieces_are_the_same_however_the_bytes_are_cut(data, delimiters, places, limit):
    codec = AnyDelimiterCodec(delimiters, b"", limit)
    assert decoded(codec, data, places) == list(model_of_pieces(data, delimiters, limit))


@steady
@given(st.lists(st.binary().filter(lambda data: not set(data) & set(b",;\n\r"))), PLACES)
def test_pieces_encoded_and_decoded_are_the_same(pieces, places):
    assert decoded(AnyDelimiterCodec(), encoded(AnyDelimiterCodec(), *pieces), places) == pieces


def test_pieces_as_tokio_has_them():
    assert decoded(AnyDelimiterCodec(), b"a,b;c\r\nd") == [b"a", b"b", b"c", b"", b"d"]
    assert encoded(AnyDelimiterCodec(), b"a", "目", bytearray(b"c"), memoryview(b"d")) == "a,目,c,d,".encode()
    assert encoded(AnyDelimiterCodec(b";", b"--"), b"a", b"b") == b"a--b--"
    assert AnyDelimiterCodecError().is_max_chunk_length_exceeded()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seek_delimiters": b""}, "at least one byte"),
        ({"seek_delimiters": ",;"}, "seek_delimiters must be bytes"),
        ({"sequence_writer": ","}, "sequence_writer must be bytes"),
    ],
)
def test_bad_delimiters_are_refused(options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        AnyDelimiterCodec(**options)


# --- BytesCodec -------------------------------------------------------------------------------------------------------


@steady
@given(st.binary(max_size=300), PLACES)
def test_bytes_come_as_they_are_and_never_empty(data, places):
    pieces = decoded(BytesCodec(), data, places)
    assert pieces == cuts(data, places)
    assert b"" not in pieces


def test_bytes_are_encoded_as_they_are():
    words = array.array("H", [1, 2])
    assert encoded(BytesCodec(), b"a", b"", bytearray(b"b"), memoryview(b"c"), words) == b"abc" + words.tobytes()


@pytest.mark.parametrize("codec", [BytesCodec(), LengthDelimitedCodec()])
@pytest.mark.parametrize("bad", ["text", 7, None, [1], memoryview(b"abcd")[::2]])
def test_what_is_no_bytes_is_not_encoded(codec, bad):
    buf = bytearray(b"before")
    with pytest.raises(TypeError, match=f"{type(codec).__name__} encodes bytes"):
        codec.encode(bad, buf)
    assert buf == b"before"


# --- LengthDelimitedCodec ---------------------------------------------------------------------------------------------


def model_of_frames(data, length, offset, adjustment, skip, order, most):
    skip = offset + length if skip is None else skip
    head = max(offset + length, skip)
    at = 0
    while at < len(data):
        if len(data) - at < head:
            yield UnexpectedEof
            return
        said = int.from_bytes(data[at + offset : at + offset + length], order)
        size = said + adjustment
        if said > most or size < 0 or size + skip == 0:
            yield LengthDelimitedCodecError
            return
        at += skip
        if len(data) - at < size:
            yield UnexpectedEof
            return
        yield data[at : at + size]
        at += size


@steady
@given(
    st.lists(st.integers(0, 9)).map(bytes),
    PLACES,
    st.fixed_dictionaries(
        {
            "length": st.integers(1, 8),
            "offset": st.integers(0, 3),
            "adjustment": st.integers(-6, 6),
            "skip": st.one_of(st.none(), st.integers(0, 12)),
            "order": st.sampled_from(["big", "little"]),
            "most": st.integers(0, 12),
        }
    ),
)
def test_frames_of_any_bytes_and_any_options_are_those_of_the_model(data, places, o):
    codec = LengthDelimitedCodec(
        o["most"],
        length_field_length=o["length"],
        length_field_offset=o["offset"],
        length_adjustment=o["adjustment"],
        num_skip=o["skip"],
        byteorder=o["order"],
    )
    found = decoded(codec, data, places)
    expected = list(model_of_frames(data, **{**o, "most": codec.max_frame_length()}))
    if LengthDelimitedCodecError in found:  # from there on it raises at every read
        found = found[: found.index(LengthDelimitedCodecError) + 1]
    assert found == expected


@steady
@given(st.lists(st.binary(max_size=300)), PLACES, st.sampled_from(["big", "little", "native"]), st.integers(2, 8))
def test_frames_encoded_and_decoded_are_the_same(frames, places, order, length):
    def codec():
        return LengthDelimitedCodec(length_field_length=length, byteorder=order)

    assert decoded(codec(), encoded(codec(), *frames), places) == frames


@steady
@given(st.lists(st.binary(max_size=100)), st.integers(-50, 0), PLACES)
def test_an_adjustment_works_both_ways(frames, adjustment, places):
    def codec():
        return LengthDelimitedCodec(length_adjustment=adjustment)

    assert decoded(codec(), encoded(codec(), *frames), places) == frames


@pytest.mark.parametrize(
    ("options", "data", "frame"),
    [
        ({}, b"\0\0\0\x02hi", b"hi"),
        ({"length_field_length": 2}, b"\0\x02hi", b"hi"),
        ({"length_field_type": "u8"}, b"\x02hi", b"hi"),
        ({"length_field_type": "u64", "byteorder": "little"}, b"\x02" + bytes(7) + b"hi", b"hi"),
        ({"byteorder": "native"}, (2).to_bytes(4, sys.byteorder) + b"hi", b"hi"),
        ({"length_field_length": 2, "num_skip": 0, "length_adjustment": 2}, b"\0\x02hi", b"\0\x02hi"),
        ({"length_field_length": 2, "length_adjustment": -2}, b"\0\x04hi", b"hi"),
        ({"length_field_type": "u16", "length_field_offset": 1, "length_adjustment": 1}, b"M\0\x02Xhi", b"Xhi"),
        ({"length_field_type": "u16", "length_field_offset": 1, "num_skip": 4}, b"M\0\x02Xhi", b"hi"),
        ({"length_field_length": 3, "num_skip": 3}, b"\0\0\x02hi", b"hi"),
    ],
)
def test_each_option(options, data, frame):
    assert decoded(LengthDelimitedCodec(**options), data) == [frame]
    assert decoded(LengthDelimitedCodec(**options), data + data, range(99)) == [frame, frame]


def test_a_length_that_is_too_large_raises_before_the_payload_comes():
    codec, buf = LengthDelimitedCodec(10), bytearray(b"\0\0\0\x0bpay")
    with pytest.raises(LengthDelimitedCodecError, match="11 bytes, more than max_frame_length=10") as caught:
        codec.decode(buf)
    assert caught.value.length == 11
    assert buf == b""
    buf += b"\0\0\0\x01x"  # it may be the middle of the payload: nothing after it can be trusted
    with pytest.raises(LengthDelimitedCodecError):
        codec.decode(buf)
    assert buf == b""
    assert codec.decode_eof(buf) is None
    codec.reset()
    assert codec.decode(bytearray(b"\0\0\0\x01x")) == b"x"


def test_the_largest_frame_passes_and_the_default_limit_is_8_mib():
    assert LengthDelimitedCodec().max_frame_length() == 8 << 20
    assert decoded(LengthDelimitedCodec(3), b"\0\0\0\x03abc") == [b"abc"]
    with pytest.raises(LengthDelimitedCodecError):
        LengthDelimitedCodec().decode(bytearray(b"\0\x80\0\x01"))
    assert LengthDelimitedCodec().decode(bytearray(b"\0\x80\0\0")) is None


def test_a_new_limit_holds_from_the_next_frame_on():
    codec, buf = LengthDelimitedCodec(10), bytearray(b"\0\0\0\x05ab")
    assert codec.decode(buf) is None
    codec.set_max_frame_length(3)
    buf += b"cde\0\0\0\x04"
    assert codec.decode(buf) == b"abcde"
    with pytest.raises(LengthDelimitedCodecError):
        codec.decode(buf)


def test_the_limit_is_never_more_than_the_field_can_say():
    assert LengthDelimitedCodec(length_field_length=1).max_frame_length() == 255
    assert LengthDelimitedCodec(length_field_length=1, length_adjustment=-5).max_frame_length() == 250
    assert LengthDelimitedCodec(length_field_length=1, length_adjustment=-500).max_frame_length() == 0
    codec = LengthDelimitedCodec(length_field_length=1)
    with pytest.raises(LengthDelimitedCodecError, match="256 bytes is more than max_frame_length=255"):
        codec.encode(bytes(256), bytearray())


@pytest.mark.parametrize("kind", ["u32", "u64"])
def test_the_largest_value_of_a_field_does_not_overflow(kind):
    codec = LengthDelimitedCodec(1 << 70, length_field_type=kind, length_adjustment=1 << 40)
    size = {"u32": 4, "u64": 8}[kind]
    buf = bytearray(b"\xff" * size + b"x")
    assert codec.decode(buf) is None
    assert buf == b"x"


def test_lengths_that_make_no_sense_are_refused():
    with pytest.raises(LengthDelimitedCodecError, match="1 bytes, which is negative with length_adjustment=-2"):
        LengthDelimitedCodec(length_adjustment=-2).decode(bytearray(b"\0\0\0\x01x"))
    with pytest.raises(LengthDelimitedCodecError, match="too few for its own head"):
        LengthDelimitedCodec(num_skip=0).decode(bytearray(4))  # a frame of no bytes, again and again
    with pytest.raises(LengthDelimitedCodecError, match="length -2 with length_adjustment=3"):
        LengthDelimitedCodec(length_adjustment=3).encode(b"x", bytearray())


def test_the_end_within_a_frame_says_what_was_missing():
    for data, words, partial, expected in [
        (b"\0\0", "2 bytes of the head of 4", b"\0\0", 4),
        (b"\0\0\0\x05abc", "3 bytes of a frame of 5", b"abc", 5),
        (b"\0\0\0\x05", "0 bytes of a frame of 5", b"", 5),
    ]:
        [error] = drained(FramedRead(Wire([data]), LengthDelimitedCodec()))
        assert words in str(error)
        assert (error.partial, error.expected) == (partial, expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"length_field_length": 0}, "1 to 8 bytes, not 0"),
        ({"length_field_length": 9}, "1 to 8 bytes, not 9"),
        ({"length_field_length": 2.0}, "1 to 8 bytes"),
        ({"length_field_type": "u24"}, "'u8', 'u16', 'u32' or 'u64', not 'u24'"),
        ({"length_field_type": "u8", "length_field_length": 2}, "differ"),
        ({"length_field_offset": -1}, "length_field_offset"),
        ({"num_skip": -1}, "num_skip"),
        ({"length_adjustment": 0.5}, "length_adjustment"),
        ({"max_frame_length": -1}, "max_frame_length"),
        ({"max_frame_length": float("inf")}, "max_frame_length"),
        ({"byteorder": "middle"}, "byteorder must be"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        LengthDelimitedCodec(**options)


def test_the_builder_makes_what_the_keywords_make():
    builder = LengthDelimitedCodec.builder()
    builder.little_endian().length_field_length(4).length_field_type("u16").length_field_offset(1)
    builder.length_adjustment(-1).num_skip(4).max_frame_length(9)
    assert builder.new_codec().max_frame_length() == 9
    assert decoded(builder.new_codec(), b"M\x03\0.hi") == [b"hi"]
    assert drained(builder.new_read(Wire([b"M\x03\0.hi"]))) == [b"hi"]
    assert encoded(builder.big_endian().new_codec(), b"hi") == b"\0\x03hi"
    assert encoded(builder.native_endian().new_codec(), b"hi") == (3).to_bytes(2, sys.byteorder) + b"hi"
    assert encoded(builder.length_field_length(1).new_codec(), b"hi") == b"\x03hi"
    assert builder.new_write(Wire()).encoder().max_frame_length() == 9
    assert builder.new_framed(Wire()).codec().max_frame_length() == 9


# --- the bases --------------------------------------------------------------------------------------------------------


class Pairs(Decoder):
    def decode(self, buf):
        if len(buf) < 2:
            return None
        pair = bytes(buf[:2])
        del buf[:2]
        return pair


def test_bytes_that_remain_at_the_end_raise_as_the_base_has_it():
    assert decoded(Pairs(), b"abcd", [1, 2]) == [b"ab", b"cd"]
    found = drained(FramedRead(Wire([b"abc"]), Pairs()))
    assert found[0] == b"ab"
    assert isinstance(found[1], UnexpectedEof)
    assert found[1].partial == b"c"
    assert "1 bytes remain that Pairs can make no item of" in str(found[1])


def test_a_codec_without_its_method_says_so():
    with pytest.raises(TypeError, match="Decoder without a decode"):
        Decoder().decode(bytearray())
    with pytest.raises(TypeError, match="Encoder without an encode"):
        Encoder().encode(1, bytearray())
