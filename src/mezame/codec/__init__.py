"""Codecs: bytes as frames: a stream and a sink of items on a byte stream (``tokio_util::codec``).

A ``Decoder`` cuts items out of a buffer, an ``Encoder`` appends them to one; neither does I/O. ``FramedRead``,
``FramedWrite`` and ``Framed`` put a byte stream under them, ``UdpFramed`` datagrams. Ready-made codecs: ``LinesCodec``,
``LengthDelimitedCodec``, ``AnyDelimiterCodec``, ``BytesCodec``.

What a peer can make these keep in memory has a limit: the codec's largest frame and one read. Reading order:
``decoder.py``, ``read_frame.py``, ``write_frame.py``, ``framed.py``, ``delimited.py``.
"""

from .any_delimiter_codec import AnyDelimiterCodec, AnyDelimiterCodecError
from .bytes_codec import BytesCodec
from .decoder import Decoder
from .encoder import Encoder
from .framed import Framed, FramedParts
from .framed_read import FramedRead
from .framed_write import FramedWrite
from .length_delimited import LengthDelimitedCodec, LengthDelimitedCodecError
from .length_delimited_builder import LengthDelimitedBuilder
from .lines_codec import LinesCodec, LinesCodecError
from .udp_framed import UdpFramed

__all__ = [
    "AnyDelimiterCodec",
    "AnyDelimiterCodecError",
    "BytesCodec",
    "Decoder",
    "Encoder",
    "Framed",
    "FramedParts",
    "FramedRead",
    "FramedWrite",
    "LengthDelimitedBuilder",
    "LengthDelimitedCodec",
    "LengthDelimitedCodecError",
    "LinesCodec",
    "LinesCodecError",
    "UdpFramed",
]
