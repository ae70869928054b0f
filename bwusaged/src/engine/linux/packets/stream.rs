//! How far the payload of a TCP connection has come, one way. What is sent again was counted already, and what was not seen is
//! counted when the bytes behind it come: the sequence numbers say how much it was. Pure, and believes only so much: anybody who
//! knows the ports may have written a number.

/// Further than this from the last byte, ahead or behind, is not this connection's past or future: more than any socket buffers
/// by default (`tcp_rmem` and `tcp_wmem`, 4 to 32 MiB) times two.
const WINDOW: u32 = 64 << 20;

/// The number of the byte that comes next; `None` before the first packet that carries any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stream(Option<u32>);

impl Stream {
    /// Takes in a packet with `payload` bytes, the first of which has the number `sequence`. Returns how many bytes are new.
    pub(super) fn advance(&mut self, sequence: u32, payload: u64) -> u64 {
        if payload == 0 {
            return 0;
        }
        let end = sequence.wrapping_add(payload as u32);
        let next = self.0.unwrap_or(sequence);
        let ahead = end.wrapping_sub(next).cast_signed();
        if ahead.unsigned_abs() > WINDOW {
            self.0 = Some(end);
            return payload;
        }
        self.0 = Some(if ahead > 0 { end } else { next });
        u64::from(ahead.max(0).cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new_bytes(packets: &[(u32, u64)]) -> u64 {
        let mut stream = Stream::default();
        packets.iter().map(|&(sequence, payload)| stream.advance(sequence, payload)).sum()
    }

    #[test]
    fn what_is_sent_again_is_counted_once() {
        assert_eq!(new_bytes(&[(100, 50), (150, 50), (100, 50), (150, 50), (200, 1)]), 101);
        assert_eq!(new_bytes(&[(100, 50), (120, 60)]), 80, "with more behind it");
    }

    #[test]
    fn what_was_lost_counts_when_its_successor_comes_and_not_again() {
        assert_eq!(new_bytes(&[(100, 50), (200, 50), (150, 50)]), 150);
    }

    #[test]
    fn acknowledgements_and_probes_say_nothing() {
        assert_eq!(new_bytes(&[(99, 0), (100, 50), (149, 1), (149, 0), (150, 50)]), 100);
    }

    #[test]
    fn a_number_from_nowhere_neither_adds_nor_hides_a_gigabyte() {
        let honest = |at: u32| (at, 1000);
        let counted = new_bytes(&[honest(0), (1 << 30, 7), honest(1000), honest(2000), honest(3000)]);
        assert_eq!(counted, 4007);
    }

    proptest! {
        #[test]
        fn in_whatever_order_the_parts_of_a_window_come_the_sum_is_its_length(
            start in any::<u32>(),
            lengths in prop::collection::vec(1_u32..100_000, 1..40),
            order in any::<prop::sample::Index>(),
            twice in prop::collection::vec(any::<bool>(), 40),
        ) {
            let mut at = start;
            let mut parts = Vec::new();
            for (&length, twice) in lengths.iter().zip(twice) {
                parts.extend(std::iter::repeat_n((at, u64::from(length)), if twice { 2 } else { 1 }));
                at = at.wrapping_add(length);
            }
            // The first byte has been seen, else nobody knows where it began.
            let len = parts.len();
            parts[1..].rotate_left(if len > 1 { order.index(len - 1) } else { 0 });
            prop_assert_eq!(new_bytes(&parts), u64::from(at.wrapping_sub(start)));
        }
    }
}
