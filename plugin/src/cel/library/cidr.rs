//! Ranges of IP addresses: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`.
//!
//! Depends on [`super::ip`] and [`super::quoting`].

use super::ip::{self, IP};
use super::quoting::quoted;
use super::{BOOL, CallContext, INT, Outcome, Overload, STRING, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Opaque, Value};
use std::fmt;
use std::net::IpAddr;

const CIDR: Shape = Shape::Is(Kind::Cidr);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("cidr", &[STRING], CIDR, cidr).since(31),
    Overload::function("isCIDR", &[STRING], BOOL, is_cidr).since(31),
    Overload::method("containsIP", &[CIDR, STRING], BOOL, contains_ip).since(31),
    Overload::method("containsIP", &[CIDR, IP], BOOL, contains_ip).since(31),
    Overload::method("containsCIDR", &[CIDR, STRING], BOOL, contains_cidr).since(31),
    Overload::method("containsCIDR", &[CIDR, CIDR], BOOL, contains_cidr).since(31),
    Overload::method("ip", &[CIDR], IP, address).since(31),
    Overload::method("prefixLength", &[CIDR], INT, prefix_length).since(31),
    Overload::method("masked", &[CIDR], CIDR, masked).since(31),
];

/// What the API server puts before every message about a range, once for each of its layers.
const CONVERSION: &str = "network address parse error during conversion from string: ";

/// A range of IP addresses: an address and how many of its leading bits all addresses share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads a range. The address may have bits behind the prefix.
    ///
    /// ```
    /// use gift_plugin::cel::Cidr;
    ///
    /// let range = Cidr::parse("192.168.1.7/24")?;
    /// assert!(range.contains("192.168.1.200".parse()?));
    /// assert_eq!(range.masked().to_string(), "192.168.1.0/24");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The API server's message.
    pub fn parse(source: &str) -> Result<Self, String> {
        let cidr = Self::read(source)
            .map_err(|message| format!("{CONVERSION}netip.ParsePrefix({}): {message}", quoted(source)))?;
        if ip::is_mapped(&cidr.address) {
            return Err(format!("IPv4-mapped IPv6 address {} is not allowed", quoted(source)));
        }
        Ok(cidr)
    }

    fn read(source: &str) -> Result<Self, String> {
        let (address, bits) = source.rsplit_once('/').ok_or("no '/'")?;
        let ip::WrittenAddress { address, zone } = ip::read(address)?;
        if !zone.is_empty() {
            return Err("IPv6 zones cannot be present in a prefix".to_owned());
        }
        let bad = || format!("bad bits after slash: {}", quoted(bits));
        // No sign and no leading zero.
        if bits.len() > 1 && !matches!(bits.as_bytes()[0], b'1'..=b'9') {
            return Err(bad());
        }
        let prefix: i64 = bits.parse().map_err(|_| bad())?;
        match u8::try_from(prefix) {
            Ok(prefix) if prefix <= width(&address) => Ok(Self { address, prefix }),
            _ => Err("prefix length out of range".to_owned()),
        }
    }

    /// The address, with the bits behind the prefix.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits all addresses share.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether `address` is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.agrees(&address, self.prefix)
    }

    /// Whether all addresses of `other` are in the range.
    #[must_use]
    pub fn contains_range(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }

    /// The range with all bits behind the prefix cleared.
    #[must_use]
    pub fn masked(&self) -> Self {
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(u32::from(32 - self.prefix)).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(u32::from(128 - self.prefix)).unwrap_or(0);
                IpAddr::V6((address.to_bits() & mask).into())
            }
        };
        Self { address, ..*self }
    }

    /// Whether the first `bits` bits of both addresses are the same.
    fn agrees(&self, other: &IpAddr, bits: u8) -> bool {
        let common = match (&self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros(),
            _ => return false,
        };
        common >= u32::from(bits)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

/// How many bits such an address has.
const fn width(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn parsed(context: &mut CallContext<'_>, source: &str) -> Result<Cidr, EvaluationError> {
    context.budget.spend_bytes(source.len())?;
    Cidr::parse(source).map_err(|message| EvaluationError::function(format!("{CONVERSION}{message}")))
}

fn cidr<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::opaque(Opaque::Cidr(parsed(context, text(arguments, 0)?)?)))
}

fn is_cidr<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let source = text(arguments, 0)?;
    context.budget.spend_bytes(source.len())?;
    Ok(Value::Bool(Cidr::parse(source).is_ok()))
}

fn at(arguments: &[Value<'_>], index: usize) -> Result<Cidr, EvaluationError> {
    match arguments.get(index).and_then(Value::as_opaque) {
        Some(Opaque::Cidr(cidr)) => Ok(*cidr),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn contains_ip<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let range = at(arguments, 0)?;
    let address = match arguments.get(1).and_then(Value::as_str) {
        Some(source) => {
            context.budget.spend_bytes(source.len())?;
            // The API server loses the reason on the way.
            ip::parse(source).map_err(|_| EvaluationError::NoSuchOverload)?
        }
        None => ip::at(arguments, 1)?,
    };
    Ok(Value::Bool(range.contains(address)))
}

fn contains_cidr<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let range = at(arguments, 0)?;
    let other = match arguments.get(1).and_then(Value::as_str) {
        Some(source) => parsed(context, source)?,
        None => at(arguments, 1)?,
    };
    Ok(Value::Bool(range.contains_range(&other)))
}

fn address<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::opaque(Opaque::Ip(at(arguments, 0)?.address())))
}

fn prefix_length<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Int(at(arguments, 0)?.prefix().into()))
}

fn masked<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::opaque(Opaque::Cidr(at(arguments, 0)?.masked())))
}
