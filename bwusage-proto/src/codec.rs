//! Bodies to bytes and back: the only file that names the codec.
//!
//! Bodies are `bincode` 2, standard configuration (little endian, variable-length integers), behind a size limit and with
//! no bytes left over. `bincode` is unmaintained (RUSTSEC-2025-0141), so it stays behind this one door: another codec is a
//! change of this file and a new [`CODEC_ID`].
//!
//! The limit is not optional. Without it a 13-byte body that claims a string of 2^40 bytes aborts the process while it
//! allocates; with it the claim is refused before a byte is reserved. It bounds the *decoded* size, so a list of rows
//! counts with its size in memory. No message holds zero-sized elements or refers to itself, which no limit would bound.

pub use bincode::{Decode, Encode};
/// What a type needs that writes itself field by field instead of deriving [`Encode`] and [`Decode`]: a byte that says which
/// fields are there, and words of fixed width, read at a fraction of the cost of varints.
pub(crate) mod by_hand {
    pub(crate) use bincode::{
        de::Decoder,
        enc::Encoder,
        error::{DecodeError, EncodeError},
        impl_borrow_decode,
    };
    use bincode::{de::read::Reader as _, enc::write::Writer as _};

    const WORD_BYTES: usize = size_of::<u64>();

    pub(crate) fn write_byte(encoder: &mut impl Encoder, byte: u8) -> Result<(), EncodeError> {
        encoder.writer().write(&[byte])
    }

    pub(crate) fn read_byte(decoder: &mut impl Decoder) -> Result<u8, DecodeError> {
        let mut byte = [0];
        decoder.claim_bytes_read(1)?;
        decoder.reader().read(&mut byte)?;
        Ok(byte[0])
    }

    /// Writes six words, little endian.
    pub(crate) fn write_words(encoder: &mut impl Encoder, words: [u64; 6]) -> Result<(), EncodeError> {
        let mut bytes = [0; 6 * WORD_BYTES];
        for (to, word) in bytes.chunks_exact_mut(WORD_BYTES).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        encoder.writer().write(&bytes)
    }

    /// Reads what [`write_words`] wrote.
    pub(crate) fn read_words(decoder: &mut impl Decoder) -> Result<[u64; 6], DecodeError> {
        let mut bytes = [0; 6 * WORD_BYTES];
        decoder.claim_bytes_read(bytes.len())?;
        decoder.reader().read(&mut bytes)?;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at * WORD_BYTES + byte]));
        Ok(std::array::from_fn(word))
    }
}

/// The codec as the greeting names it: bincode 2, standard configuration.
pub const CODEC_ID: u8 = 1;

/// A body that does not say what its kind should say.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes are no value of this type, or claim to be larger than the limit.
    #[error("malformed message body")]
    Malformed(#[source] bincode::error::DecodeError),
    /// A whole value was read and bytes were left.
    #[error("{left_over} bytes are left over after the message body")]
    LeftOver {
        /// How many bytes nobody read.
        left_over: usize,
    },
    /// The value cannot be written.
    #[error("message body cannot be encoded")]
    Encode(#[source] bincode::error::EncodeError),
}

/// Appends the body of `message` to `out`.
///
/// # Errors
///
/// Fails when the value cannot be encoded; the types of this crate always can.
pub fn encode_into<T: Encode>(message: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    bincode::encode_into_std_write(message, out, bincode::config::standard())
        .map(|_| ())
        .map_err(CodecError::Encode)
}

/// Reads exactly one `T`, holding at most `LIMIT` decoded bytes.
///
/// # Errors
///
/// Refuses a value that is malformed, larger than `LIMIT`, or followed by further bytes.
pub fn decode<T: Decode<()>, const LIMIT: usize>(body: &[u8]) -> Result<T, CodecError> {
    let (value, used) = bincode::decode_from_slice(body, bincode::config::standard().with_limit::<LIMIT>())
        .map_err(CodecError::Malformed)?;
    match body.len() - used {
        0 => Ok(value),
        left_over => Err(CodecError::LeftOver { left_over }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_length_of_two_to_the_forty_is_refused_before_allocation() {
        let mut body = vec![253];
        body.extend((1_u64 << 40).to_le_bytes());
        assert!(matches!(decode::<String, 65_536>(&body), Err(CodecError::Malformed(_))));
        assert!(matches!(decode::<Vec<u64>, 65_536>(&body), Err(CodecError::Malformed(_))));
    }

    #[test]
    fn bytes_after_the_value_are_refused() {
        let mut body = Vec::new();
        encode_into(&7_u32, &mut body).unwrap();
        body.push(0);
        assert!(matches!(decode::<u32, 64>(&body), Err(CodecError::LeftOver { left_over: 1 })));
    }
}
