//! Blocks of addresses, as `ipBlock` states them.

use std::net::IpAddr;
use std::str::FromStr;

/// A block of addresses: `192.0.2.0/24`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    address: IpAddr,
    length: u8,
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

/// Text that is no block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no block of addresses such as 192.0.2.0/24 or 2001:db8::/32")]
pub struct BlockError(String);

impl FromStr for Block {
    type Err = BlockError;

    fn from_str(text: &str) -> Result<Self, BlockError> {
        let read = || {
            let (address, length) = text.split_once('/')?;
            let (address, length): (IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
            (length <= bits(address).1).then_some(Self { address, length })
        };
        read().ok_or_else(|| BlockError(text.to_owned()))
    }
}

impl Block {
    /// Whether an address lies in it; an address of the other family never does.
    ///
    /// ```
    /// use gift_harness::network::Block;
    ///
    /// let block: Block = "192.0.2.0/24".parse()?;
    /// assert!(block.contains("192.0.2.9".parse()?) && !block.contains("192.0.3.9".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let ((own, width), (other, others)) = (bits(self.address), bits(address));
        let shift = u32::from(width.saturating_sub(self.length));
        width == others && own.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    }

    /// Whether every address of its family lies in it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.length == 0
    }

    /// Its first address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        let (number, width) = bits(self.address);
        let shift = u32::from(width.saturating_sub(self.length));
        let number = number.checked_shr(shift).unwrap_or(0).checked_shl(shift).unwrap_or(0);
        match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(number).unwrap_or(0).into()),
            IpAddr::V6(_) => IpAddr::V6(number.into()),
        }
    }

    /// An address of it that lies in none of `except`.
    #[must_use]
    pub fn address_outside(&self, except: &[Block]) -> Option<IpAddr> {
        // The first address, or the one behind an exception: if any is left, one of these is.
        let behind = except.iter().filter_map(|block| {
            let (first, width) = bits(block.first());
            let size = 1_u128.checked_shl(u32::from(width.saturating_sub(block.length)))?;
            let next = first.checked_add(size)?;
            Some(match block.address {
                IpAddr::V4(_) => IpAddr::V4(u32::try_from(next).ok()?.into()),
                IpAddr::V6(_) => IpAddr::V6(next.into()),
            })
        });
        std::iter::once(self.first())
            .chain(behind)
            .find(|address| self.contains(*address) && !except.iter().any(|block| block.contains(*address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        text.parse().unwrap()
    }

    #[test]
    fn blocks_hold_what_their_prefix_says() {
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.0.2.9/32", "192.0.2.9", "192.0.2.8"),
            ("192.0.2.128/25", "192.0.2.200", "192.0.2.127"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "ffff::", "1.2.3.4"),
        ] {
            assert!(block(text).contains(inside.parse().unwrap()), "{text} {inside}");
            assert!(!block(text).contains(outside.parse().unwrap()), "{text} {outside}");
        }
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "a/8", "10.0.0.0/-1", ""] {
            assert!(text.parse::<Block>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_beside_the_exceptions_is_found_where_there_is_one() {
        let found = |of: &str, except: &[&str]| {
            let except: Vec<_> = except.iter().map(|text| block(text)).collect();
            block(of).address_outside(&except).map(|address| address.to_string())
        };
        assert_eq!(found("192.0.2.77/24", &[]).as_deref(), Some("192.0.2.0"));
        assert_eq!(found("0.0.0.0/0", &["0.0.0.0/8", "1.0.0.0/8"]).as_deref(), Some("2.0.0.0"));
        assert_eq!(found("10.0.0.0/31", &["10.0.0.0/32"]).as_deref(), Some("10.0.0.1"));
        assert_eq!(found("10.0.0.0/31", &["10.0.0.0/32", "10.0.0.1/32"]), None);
        assert_eq!(found("::/0", &["::/1"]).as_deref(), Some("8000::"));
        assert_eq!(found("0.0.0.0/0", &["0.0.0.0/0"]), None);
    }
}
