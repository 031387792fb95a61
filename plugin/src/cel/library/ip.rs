//! IP addresses: `ip('10.0.0.1').isLoopback()`.
//!
//! Depends on [`super::quoting`]. [`super::cidr`] and [`super::url`] read addresses with it.

use super::quoting::quoted;
use super::{BOOL, CallContext, INT, Outcome, Overload, STRING, text};
use crate::cel::error::EvaluationError;
use crate::cel::types::{Kind, Shape};
use crate::cel::value::{Opaque, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The type of an address, for the functions of ranges.
pub(super) const IP: Shape = Shape::Is(Kind::Ip);

pub(super) const OVERLOADS: &[Overload] = &[
    Overload::function("ip", &[STRING], IP, ip).since(31),
    Overload::function("isIP", &[STRING], BOOL, is_ip).since(31),
    Overload::function("ip.isCanonical", &[STRING], BOOL, is_canonical).since(31),
    Overload::method("family", &[IP], INT, family).since(31),
    Overload::method("isUnspecified", &[IP], BOOL, is_unspecified).since(31),
    Overload::method("isLoopback", &[IP], BOOL, is_loopback).since(31),
    Overload::method("isLinkLocalMulticast", &[IP], BOOL, is_link_local_multicast).since(31),
    Overload::method("isLinkLocalUnicast", &[IP], BOOL, is_link_local_unicast).since(31),
    Overload::method("isGlobalUnicast", &[IP], BOOL, is_global_unicast).since(31),
];

/// Why a text is no address: what is wrong, and the rest of the text from where it is.
struct Mistake<'s> {
    message: &'static str,
    at: &'s str,
}

impl<'s> Mistake<'s> {
    const fn new<T>(message: &'static str, at: &'s str) -> Result<T, Self> {
        Err(Self { message, at })
    }
}

/// An address as it is written, possibly with a zone: `fe80::1%eth0`.
pub(super) struct WrittenAddress<'s> {
    pub(super) address: IpAddr,
    pub(super) zone: &'s str,
}

/// Reads an address; the error is the message of the API server's own reader.
pub(super) fn read(source: &str) -> Result<WrittenAddress<'_>, String> {
    let read = match source.bytes().find(|byte| matches!(byte, b'.' | b':' | b'%')) {
        Some(b'.') => {
            read_v4(source).map(|octets| WrittenAddress { address: IpAddr::V4(octets.into()), zone: "" })
        }
        Some(b':') => read_v6_with_zone(source),
        // No address in front of the zone.
        Some(_) => Mistake::new("missing IPv6 address", ""),
        None => Mistake::new("unable to parse IP", ""),
    };
    read.map_err(|Mistake { message, at }| {
        let place = if at.is_empty() { String::new() } else { format!(" (at {})", quoted(at)) };
        format!("ParseAddr({}): {message}{place}", quoted(source))
    })
}

fn read_v4(source: &str) -> Result<[u8; 4], Mistake<'_>> {
    let bytes = source.as_bytes();
    let mut octets = [0u8; 4];
    let (mut done, mut value, mut digits) = (0, 0u16, 0);
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Mistake::new("IPv4 field has octet with leading zero", "");
                }
                value = value * 10 + u16::from(byte - b'0');
                digits += 1;
                octets[done] = match u8::try_from(value) {
                    Ok(octet) => octet,
                    Err(_) => return Mistake::new("IPv4 field has value >255", ""),
                };
            }
            b'.' => {
                if digits == 0 || index == bytes.len() - 1 {
                    return Mistake::new("IPv4 field must have at least one digit", &source[index..]);
                }
                if done == 3 {
                    return Mistake::new("IPv4 address too long", "");
                }
                (done, value, digits) = (done + 1, 0, 0);
            }
            _ => return Mistake::new("unexpected character", source.get(index..).unwrap_or_default()),
        }
    }
    if done < 3 { Mistake::new("IPv4 address too short", "") } else { Ok(octets) }
}

fn read_v6_with_zone(source: &str) -> Result<WrittenAddress<'_>, Mistake<'_>> {
    let (address, zone) = match source.split_once('%') {
        Some((_, "")) => return Mistake::new("zone must be a non-empty string", ""),
        Some(parts) => parts,
        None => (source, ""),
    };
    read_v6(address).map(|address| WrittenAddress { address: IpAddr::V6(address), zone })
}

fn read_v6(source: &str) -> Result<Ipv6Addr, Mistake<'_>> {
    let mut groups: Vec<u16> = Vec::with_capacity(8);
    // How many groups stand before the `::`.
    let mut gap = None;
    let mut rest = source;
    if let Some(behind) = rest.strip_prefix("::") {
        gap = Some(0);
        rest = behind;
    }
    while groups.len() < 8 && !(rest.is_empty() && gap == Some(groups.len())) {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits > 4 {
            return Mistake::new("each group must have 4 or less digits", rest);
        }
        let Ok(group) = u16::from_str_radix(&rest[..digits], 16) else {
            return Mistake::new("each colon-separated field must have at least one digit", rest);
        };
        if rest[digits..].starts_with('.') {
            if gap.is_none() && groups.len() != 6 {
                return Mistake::new(
                    "embedded IPv4 address must replace the final 2 fields of the address",
                    rest,
                );
            }
            if groups.len() > 6 {
                return Mistake::new(
                    "too many hex fields to fit an embedded IPv4 at the end of the address",
                    rest,
                );
            }
            let [a, b, c, d] = read_v4(rest)?;
            groups.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            rest = "";
            break;
        }
        groups.push(group);
        rest = &rest[digits..];
        if rest.is_empty() {
            break;
        }
        match rest.strip_prefix(':') {
            None => return Mistake::new("unexpected character, want colon", rest),
            Some("") => return Mistake::new("colon must be followed by more characters", rest),
            Some(behind) => rest = behind,
        }
        if let Some(behind) = rest.strip_prefix(':') {
            if gap.is_some() {
                return Mistake::new("multiple :: in address", rest);
            }
            gap = Some(groups.len());
            rest = behind;
        }
    }
    if !rest.is_empty() {
        return Mistake::new("trailing garbage after address", rest);
    }
    match gap {
        Some(_) if groups.len() == 8 => {
            return Mistake::new("the :: must expand to at least one field of zeros", "");
        }
        Some(gap) => {
            let missing = 8 - groups.len();
            groups.splice(gap..gap, std::iter::repeat_n(0, missing));
        }
        None => {}
    }
    match <[u16; 8]>::try_from(groups) {
        Ok(groups) => Ok(Ipv6Addr::from(groups)),
        Err(_) => Mistake::new("address string too short", ""),
    }
}

/// Whether the address is an IPv4 address in the clothes of an IPv6 one, which the API server refuses.
pub(super) const fn is_mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

/// An address without a zone; the error is the API server's message.
pub(super) fn parse(source: &str) -> Result<IpAddr, String> {
    let WrittenAddress { address, zone } = read(source).map_err(|error| {
        format!("IP Address {} parse error during conversion from string: {error}", quoted(source))
    })?;
    if !zone.is_empty() {
        return Err(format!("IP address {} with zone value is not allowed", quoted(source)));
    }
    if is_mapped(&address) {
        return Err(format!("IPv4-mapped IPv6 address {} is not allowed", quoted(source)));
    }
    Ok(address)
}

fn parsed(context: &mut CallContext<'_>, source: &str) -> Result<IpAddr, EvaluationError> {
    context.budget.spend_bytes(source.len())?;
    parse(source).map_err(EvaluationError::function)
}

fn ip<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::opaque(Opaque::Ip(parsed(context, text(arguments, 0)?)?)))
}

fn is_ip<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let source = text(arguments, 0)?;
    context.budget.spend_bytes(source.len())?;
    Ok(Value::Bool(parse(source).is_ok()))
}

fn is_canonical<'a>(context: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let source = text(arguments, 0)?;
    Ok(Value::Bool(parsed(context, source)?.to_string() == source))
}

/// The address at `index`, which the overload says is one.
pub(super) fn at(arguments: &[Value<'_>], index: usize) -> Result<IpAddr, EvaluationError> {
    match arguments.get(index).and_then(Value::as_opaque) {
        Some(Opaque::Ip(address)) => Ok(*address),
        _ => Err(EvaluationError::NoSuchOverload),
    }
}

fn family<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Int(if at(arguments, 0)?.is_ipv4() { 4 } else { 6 }))
}

fn is_unspecified<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(at(arguments, 0)?.is_unspecified()))
}

fn is_loopback<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(at(arguments, 0)?.is_loopback()))
}

fn is_link_local_multicast<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(match at(arguments, 0)? {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    }))
}

fn link_local_unicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_link_local_unicast<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(link_local_unicast(&at(arguments, 0)?)))
}

/// Private addresses count as global ones, as in the API server.
fn is_global_unicast<'a>(_: &mut CallContext<'_>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let address = at(arguments, 0)?;
    let special = address.is_unspecified()
        || address == IpAddr::V4(Ipv4Addr::BROADCAST)
        || address.is_loopback()
        || address.is_multicast()
        || link_local_unicast(&address);
    Ok(Value::Bool(!special))
}
