//! Amounts: exact sums of decimals and counts.
//!
//! A sum must neither round nor panic, whatever the records hold, so it is kept as a number of billionths, the finest
//! that a quantity may have. What is summed is not known here.

use std::fmt;

use banggiao_model::decimal::{DECIMALS_MAX, Decimal};

/// So many billionths are one.
const ONE: i128 = 10_i128.pow(DECIMALS_MAX as u32);

/// An exact amount, in billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self(i128::from(number) * ONE)
    }

    /// How many there are.
    #[must_use]
    pub fn count(length: usize) -> Self {
        Self::whole(Self::length(length))
    }

    /// A length as a number that can be multiplied.
    #[must_use]
    pub fn length(length: usize) -> i64 {
        i64::try_from(length).unwrap_or(i64::MAX)
    }

    /// A decimal, if it has no more digits after the point than a quantity may have.
    #[must_use]
    pub fn from_decimal(decimal: Decimal) -> Option<Self> {
        let finer = (DECIMALS_MAX as u32).checked_sub(decimal.scale())?;
        decimal.mantissa().checked_mul(10_i128.pow(finer)).map(Self)
    }

    /// The sum, if it can be written down.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, if it can be written down.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Amount {
    /// As a plain decimal without trailing zeros: `115`, `68.8`, `-0.5`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / ONE as u128, self.0.unsigned_abs() % ONE as u128);
        if fraction == 0 {
            return write!(formatter, "{sign}{whole}");
        }
        let fraction = format!("{fraction:0DECIMALS_MAX$}");
        write!(formatter, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_model::decimal;

    #[test]
    fn sums_are_exact() {
        let amount = |text: &str| Amount::from_decimal(decimal::parse(text).unwrap()).unwrap();
        let sum = amount("22279.5").checked_add(amount("0.000000001")).unwrap();
        assert_eq!(sum.to_string(), "22279.500000001");
        let large = amount("9999999999999999999999999999");
        assert_eq!(
            large.checked_add(amount("1")).unwrap().to_string(),
            "10000000000000000000000000000"
        );
        assert_eq!(
            Amount::count(3).checked_add(amount("-3.5")).unwrap().to_string(),
            "-0.5"
        );
        let endless = std::iter::repeat_n(large, 20).try_fold(Amount::ZERO, Amount::checked_add);
        assert_eq!(endless, None);
    }

    proptest::proptest! {
        #[test]
        fn amounts_read_as_decimals_do(mantissa in proptest::num::i64::ANY, scale in 0_u32..=9) {
            let decimal = Decimal::new(mantissa, scale);
            proptest::prop_assert_eq!(Amount::from_decimal(decimal).unwrap().to_string(), decimal::format(decimal));
        }
    }
}
