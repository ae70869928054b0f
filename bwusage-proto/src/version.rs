//! Which protocol versions this build speaks. The one place where the number lives.

/// The oldest version that this build still speaks.
pub const PROTOCOL_MIN: u16 = 1;
/// The newest version that this build speaks.
pub const PROTOCOL_MAX: u16 = 1;
/// Optional abilities of this build, a bit each. None is defined yet; unknown bits are ignored.
pub const FEATURES: u64 = 0;
/// The version of this package, as people see it.
pub const PACKAGE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// An inclusive range of protocol versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRange {
    /// The oldest.
    pub min: u16,
    /// The newest.
    pub max: u16,
}

impl VersionRange {
    /// What this build speaks.
    pub const OURS: Self = Self { min: PROTOCOL_MIN, max: PROTOCOL_MAX };

    /// The newest version that both sides speak.
    #[must_use]
    pub fn newest_common(self, other: Self) -> Option<u16> {
        let newest = self.max.min(other.max);
        (newest >= self.min && newest >= other.min).then_some(newest)
    }
}

impl std::fmt::Display for VersionRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.min == self.max { write!(f, "{}", self.min) } else { write!(f, "{}-{}", self.min, self.max) }
    }
}

#[cfg(test)]
mod tests {
    use super::VersionRange;

    #[test]
    fn the_newest_common_version_is_chosen() {
        let range = |min, max| VersionRange { min, max };
        assert_eq!(range(1, 3).newest_common(range(2, 9)), Some(3));
        assert_eq!(range(2, 9).newest_common(range(1, 3)), Some(3));
        assert_eq!(range(1, 1).newest_common(range(2, 3)), None);
        assert_eq!(range(4, 5).newest_common(range(2, 3)), None);
    }
}
