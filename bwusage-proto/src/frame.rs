//! Frames: how a byte stream is cut into messages.
//!
//! ```text
//! len u32 | kind u16 | flags u16 | request u32 | body
//! ```
//!
//! Everything is little endian. `len` counts what follows it, so it is at least [`HEADER_BYTES`]` - 4` and at most the
//! cap of the direction. A length beyond the cap is refused from the four bytes alone, before anything is allocated.

use bytes::{Buf, BufMut, BytesMut};

/// Bytes before the body.
pub const HEADER_BYTES: usize = 12;
/// Largest `len` that a daemon accepts from a client.
pub const CLIENT_TO_DAEMON_MAX: usize = 64 * 1024;
/// Largest `len` that a client accepts from the daemon. Longer answers are paged.
pub const DAEMON_TO_CLIENT_MAX: usize = 8 * 1024 * 1024;
/// Flag: another frame of the same answer follows.
pub const FLAG_MORE: u16 = 1;

/// One frame, its body still encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Which message the body is.
    pub kind: u16,
    /// [`FLAG_MORE`], or 0. Unknown flags are ignored.
    pub flags: u16,
    /// The client's number for the request that this belongs to; 0 when nobody asked.
    pub request: u32,
    /// The encoded message.
    pub body: bytes::Bytes,
}

/// A stream that is not made of frames. It cannot be resynchronised: close it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The announced length is above the cap of this direction.
    #[error("a frame of {len} bytes was announced, at most {max} are allowed")]
    TooLong {
        /// What was announced.
        len: usize,
        /// What is allowed.
        max: usize,
    },
    /// The announced length has no room for the header.
    #[error("a frame of {len} bytes was announced, which is shorter than its own header")]
    TooShort {
        /// What was announced.
        len: usize,
    },
}

/// Takes the next whole frame out of `buffer`, or `None` when more bytes are needed.
///
/// # Errors
///
/// Refuses a length outside `HEADER_BYTES - 4 ..= max` as soon as its four bytes are there.
pub fn take(buffer: &mut BytesMut, max: usize) -> Result<Option<Frame>, FrameError> {
    let Some(len_bytes) = buffer.first_chunk::<4>() else { return Ok(None) };
    let len = u32::from_le_bytes(*len_bytes) as usize;
    if len < HEADER_BYTES - 4 {
        return Err(FrameError::TooShort { len });
    }
    if len > max {
        return Err(FrameError::TooLong { len, max });
    }
    if buffer.len() < 4 + len {
        return Ok(None);
    }
    buffer.advance(4);
    let mut frame = buffer.split_to(len);
    let (kind, flags, request) = (frame.get_u16_le(), frame.get_u16_le(), frame.get_u32_le());
    Ok(Some(Frame { kind, flags, request, body: frame.freeze() }))
}

/// The header of a frame with a body of `body_len` bytes, which the caller has checked against the cap.
pub(crate) fn header(kind: u16, flags: u16, request: u32, body_len: usize) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let mut out = &mut header[..];
    out.put_u32_le((body_len + HEADER_BYTES - 4) as u32);
    out.put_u16_le(kind);
    out.put_u16_le(flags);
    out.put_u32_le(request);
    header
}

/// Opens a frame in `out`: the header with room for the length. Returns what [`finish`] needs.
pub(crate) fn begin(out: &mut Vec<u8>, kind: u16, flags: u16, request: u32) -> usize {
    let start = out.len();
    out.put_u32_le(0);
    out.put_u16_le(kind);
    out.put_u16_le(flags);
    out.put_u32_le(request);
    start
}

/// Closes the frame that was opened at `start` by writing its length.
///
/// # Errors
///
/// Refuses a frame that is longer than `max`; `out` is cut back to `start`.
pub(crate) fn finish(out: &mut Vec<u8>, start: usize, max: usize) -> Result<(), FrameError> {
    let len = out.len() - start - 4;
    match u32::try_from(len) {
        Ok(len_field) if len <= max => {
            out[start..start + 4].copy_from_slice(&len_field.to_le_bytes());
            Ok(())
        }
        _ => {
            out.truncate(start);
            Err(FrameError::TooLong { len, max })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(kind: u16, body: &[u8]) -> BytesMut {
        let mut out = Vec::new();
        let start = begin(&mut out, kind, FLAG_MORE, 9);
        out.extend_from_slice(body);
        finish(&mut out, start, CLIENT_TO_DAEMON_MAX).unwrap();
        BytesMut::from(&out[..])
    }

    #[test]
    fn a_frame_survives_the_trip_byte_by_byte() {
        let whole = bytes(3, b"hello");
        let mut buffer = BytesMut::new();
        for (i, &byte) in whole.iter().enumerate() {
            buffer.put_u8(byte);
            let frame = take(&mut buffer, CLIENT_TO_DAEMON_MAX).unwrap();
            assert_eq!(frame.is_some(), i + 1 == whole.len());
            if let Some(frame) = frame {
                assert_eq!(
                    (frame.kind, frame.flags, frame.request, &frame.body[..]),
                    (3, 1, 9, &b"hello"[..])
                );
            }
        }
        assert!(buffer.is_empty());
    }

    #[test]
    fn an_oversized_frame_is_refused_before_allocation() {
        let mut buffer = BytesMut::from(&u32::MAX.to_le_bytes()[..]);
        let error = take(&mut buffer, CLIENT_TO_DAEMON_MAX).unwrap_err();
        assert!(matches!(error, FrameError::TooLong { max: CLIENT_TO_DAEMON_MAX, .. }));
        assert!(buffer.capacity() < 1024);
    }

    #[test]
    fn a_frame_shorter_than_its_header_is_refused() {
        let mut buffer = BytesMut::from(&7_u32.to_le_bytes()[..]);
        assert_eq!(take(&mut buffer, 100), Err(FrameError::TooShort { len: 7 }));
    }
}
