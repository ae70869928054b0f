//! Bytes, packets and rates, and the scopes that they are kept apart by.
//!
//! `rx` and `tx` are always seen from the process: `rx` is what it received.

use std::ops::{Add, AddAssign, Index, IndexMut};

use serde::{Deserialize, Serialize};

use crate::codec::{
    Decode, Encode,
    by_hand::{
        DecodeError, Decoder, EncodeError, Encoder, impl_borrow_decode, read_byte, read_words, write_byte,
        write_words,
    },
};

/// How far a packet travels.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Never leaves the machine (the loopback interface, also for one's own addresses).
    Loopback,
    /// Private, link-local, unique-local and multicast addresses: RFC 1918, 3927, 4193, 4291, 6598.
    Lan,
    /// Everything else: what a data plan counts.
    Internet,
}

impl Scope {
    /// Every scope, in the order in which they are stored.
    pub const ALL: [Self; 3] = [Self::Loopback, Self::Lan, Self::Internet];

    /// The name in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Lan => "lan",
            Self::Internet => "internet",
        }
    }
}

/// Bytes and packets on the wire: IP headers and retransmissions included, link headers not.
///
/// Segmentation offload is undone, so a packet is what an interface without offload would carry.
/// Running totals: they never shrink while one daemon runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Wire {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
}

/// Bytes that the program itself handed to, or took from, its sockets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Payload {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
}

/// Both meanings of "bytes", side by side and never mixed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Traffic {
    /// What went over the wire.
    pub wire: Wire,
    /// What the program sent or received.
    pub payload: Payload,
}

/// Running totals of one owner, per [`Scope`].
///
/// On the wire: a byte with a bit for each scope that is not zero, in the order of [`Scope::ALL`], and for each of these
/// six `u64` of fixed width (the fields of [`Wire`], then of [`Payload`]). Most owners have one scope, and fixed width is
/// read at a fraction of the cost of varints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    scopes: [Traffic; 3],
}

impl Encode for Counters {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let present = |traffic: &Traffic| *traffic != Traffic::default();
        let mask =
            (0..).zip(&self.scopes).fold(0_u8, |mask, (bit, scope)| mask | u8::from(present(scope)) << bit);
        write_byte(encoder, mask)?;
        self.scopes
            .iter()
            .filter(|scope| present(scope))
            .try_for_each(|scope| write_words(encoder, scope.to_words()))
    }
}

impl<C> Decode<C> for Counters {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let mask = read_byte(decoder)?;
        if mask >> Scope::ALL.len() != 0 {
            return Err(DecodeError::Other("counters of a scope that does not exist"));
        }
        let mut counters = Self::default();
        for (bit, scope) in counters.scopes.iter_mut().enumerate() {
            if mask >> bit & 1 == 1 {
                *scope = Traffic::from_words(read_words(decoder)?);
            }
        }
        Ok(counters)
    }
}
impl_borrow_decode!(Counters);

impl Traffic {
    fn to_words(self) -> [u64; 6] {
        let Self { wire, payload } = self;
        [wire.rx_bytes, wire.tx_bytes, wire.rx_packets, wire.tx_packets, payload.rx_bytes, payload.tx_bytes]
    }

    fn from_words(words: [u64; 6]) -> Self {
        let [rx_bytes, tx_bytes, rx_packets, tx_packets, received, sent] = words;
        Self {
            wire: Wire { rx_bytes, tx_bytes, rx_packets, tx_packets },
            payload: Payload { rx_bytes: received, tx_bytes: sent },
        }
    }
}

impl Index<Scope> for Counters {
    type Output = Traffic;
    fn index(&self, scope: Scope) -> &Traffic {
        &self.scopes[scope as usize]
    }
}

impl IndexMut<Scope> for Counters {
    fn index_mut(&mut self, scope: Scope) -> &mut Traffic {
        &mut self.scopes[scope as usize]
    }
}

impl Counters {
    /// All scopes added up.
    #[must_use]
    pub fn total(&self) -> Traffic {
        self.scopes.iter().fold(Traffic::default(), |sum, &scope| sum + scope)
    }

    /// True when nothing was ever counted.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Growth since `earlier`, or `None` if any counter restarted in between.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        let mut growth = Self::default();
        for scope in Scope::ALL {
            growth[scope] = self[scope].since(earlier[scope])?;
        }
        Some(growth)
    }
}

impl Traffic {
    /// Growth since `earlier`, or `None` if any counter restarted in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Self> {
        Some(Self { wire: self.wire.since(earlier.wire)?, payload: self.payload.since(earlier.payload)? })
    }
}

impl Wire {
    /// Growth since `earlier`, or `None` if any counter restarted in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Self> {
        Some(Self {
            rx_bytes: self.rx_bytes.checked_sub(earlier.rx_bytes)?,
            tx_bytes: self.tx_bytes.checked_sub(earlier.tx_bytes)?,
            rx_packets: self.rx_packets.checked_sub(earlier.rx_packets)?,
            tx_packets: self.tx_packets.checked_sub(earlier.tx_packets)?,
        })
    }
}

impl Payload {
    /// Growth since `earlier`, or `None` if any counter restarted in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Self> {
        Some(Self {
            rx_bytes: self.rx_bytes.checked_sub(earlier.rx_bytes)?,
            tx_bytes: self.tx_bytes.checked_sub(earlier.tx_bytes)?,
        })
    }
}

/// Adds field by field; saturates rather than wraps, so a hostile peer cannot make a total small.
macro_rules! add_fields {
    ($type:ty { $($field:ident),+ } $add:ident) => {
        impl Add for $type {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self { $($field: self.$field.$add(other.$field)),+ }
            }
        }
        impl AddAssign for $type {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
    };
}
add_fields!(Wire { rx_bytes, tx_bytes, rx_packets, tx_packets } saturating_add);
add_fields!(Payload { rx_bytes, tx_bytes } saturating_add);
add_fields!(Traffic { wire, payload } add);
add_fields!(Rates { rx_bytes_per_s, tx_bytes_per_s } saturating_add);

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        for scope in Scope::ALL {
            self[scope] += other[scope];
        }
    }
}

/// Wire speed over the last completed tick, all scopes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Rates {
    /// Bytes a second received.
    pub rx_bytes_per_s: u64,
    /// Bytes a second sent.
    pub tx_bytes_per_s: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(bytes: u64) -> Counters {
        let mut counters = Counters::default();
        counters[Scope::Lan].wire.rx_bytes = bytes;
        counters[Scope::Internet].payload.tx_bytes = bytes;
        counters
    }

    #[test]
    fn a_scope_without_traffic_takes_no_room_on_the_wire() {
        let mut bytes = Vec::new();
        crate::codec::encode_into(&Counters::default(), &mut bytes).unwrap();
        assert_eq!(bytes, [0]);
        bytes.clear();
        crate::codec::encode_into(&counters(7), &mut bytes).unwrap();
        assert_eq!((bytes[0], bytes.len()), (0b110, 97));
        assert_eq!(crate::codec::decode::<Counters, 1000>(&bytes).unwrap(), counters(7));
        assert!(crate::codec::decode::<Counters, 1000>(&[8]).is_err());
    }

    #[test]
    fn growth_is_counted_scope_by_scope() {
        assert_eq!(counters(7).since(&counters(5)), Some(counters(2)));
    }

    #[test]
    fn a_counter_that_ran_backwards_has_no_growth() {
        assert_eq!(counters(5).since(&counters(7)), None);
    }

    #[test]
    fn the_total_adds_every_scope_and_keeps_wire_and_payload_apart() {
        let total = counters(9).total();
        assert_eq!((total.wire.rx_bytes, total.payload.tx_bytes), (9, 9));
        assert_eq!((total.wire.tx_bytes, total.payload.rx_bytes), (0, 0));
    }

    #[test]
    fn a_sum_beyond_u64_stays_at_the_top() {
        let mut sum = counters(u64::MAX);
        sum += counters(1);
        assert_eq!(sum[Scope::Lan].wire.rx_bytes, u64::MAX);
    }
}
