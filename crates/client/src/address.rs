//! `host:port` of a broker, from a user's setting or from Metadata. Names are not resolved here.

use std::fmt;
use std::net::Ipv6Addr;

use crate::printable::printable;

/// The port that librdkafka and kafka-python assume where none is given.
const DEFAULT_PORT: u16 = 9092;

/// Where a broker listens. The host is a name, an IPv4 address, or an IPv6 address without brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Reads one entry of `bootstrap.servers`: `host`, `host:port`, `[::1]:port`, each optionally behind `PLAINTEXT://`.
    pub fn from_setting(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("bootstrap server {:?}: {why}", printable(text)));
        let rest = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("PLAINTEXT") => rest,
            Some((scheme, _))
                if ["SSL", "SASL_SSL", "SASL_PLAINTEXT"]
                    .iter()
                    .any(|s| scheme.eq_ignore_ascii_case(s)) =>
            {
                return wrong("TLS and SASL are not built in yet; only PLAINTEXT listeners can be read");
            }
            Some(_) => return wrong("write host:port, without a scheme"),
        };
        let (host, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            let Some((host, tail)) = bracketed.split_once(']') else {
                return wrong("the bracket of the IPv6 address is not closed");
            };
            if host.parse::<Ipv6Addr>().is_err() {
                return wrong("what is in brackets is no IPv6 address");
            }
            match tail {
                "" => (host, None),
                tail => match tail.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None => return wrong("write [address]:port"),
                },
            }
        } else {
            match rest.matches(':').count() {
                0 => (rest, None),
                1 => rest
                    .split_once(':')
                    .map_or((rest, None), |(host, port)| (host, Some(port))),
                _ => return wrong("write an IPv6 address in brackets: [::1]:9092"),
            }
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return wrong("the port must be a number from 1 to 65535"),
            },
        };
        if !is_host(host) {
            return wrong("this is no host name");
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }

    /// Takes what a broker advertises.
    pub fn from_broker(host: &str, port: i32) -> Result<Self, String> {
        let valid = u16::try_from(port).ok().filter(|port| *port > 0);
        match valid {
            Some(port) if is_host(host) => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            _ => Err(format!("{}:{port}", printable(host))),
        }
    }
}

/// Whether a resolver may be asked for it: no spaces, no control characters, nothing that another program could take for syntax.
fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 255
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%'))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Address::from_setting(text).map_or_else(|e| e, |a| a.to_string())
    }

    #[test]
    fn reads_the_usual_forms() {
        assert_eq!(shown("localhost:9094"), "localhost:9094");
        assert_eq!(shown("broker-1.example"), "broker-1.example:9092");
        assert_eq!(shown("[::1]:19092"), "[::1]:19092");
        assert_eq!(shown("plaintext://10.0.0.1:1"), "10.0.0.1:1");
    }

    #[test]
    fn refuses_the_rest_with_the_reason() {
        for (text, reason) in [
            ("http://localhost:9092", "without a scheme"),
            ("SASL_SSL://b:9092", "not built in yet"),
            ("::1:9092", "in brackets"),
            ("[nonsense]:1", "no IPv6"),
            ("[::1", "not closed"),
            ("b:0", "1 to 65535"),
            ("b:99999", "1 to 65535"),
            ("a b:1", "no host name"),
            (":9092", "no host name"),
        ] {
            assert!(shown(text).contains(reason), "{text}: {}", shown(text));
        }
    }

    #[test]
    fn refuses_what_a_broker_should_not_advertise() {
        for (host, port) in [
            ("", 1),
            ("h", 0),
            ("h", -1),
            ("h", 99_999),
            ("a\nb", 1),
            ("a\u{1b}[2J", 1),
            ("a\0", 1),
        ] {
            let error = Address::from_broker(host, port).unwrap_err();
            assert!(error.chars().all(|c| !c.is_control()), "{error:?}");
        }
        assert!(Address::from_broker("2001:db8::1", 9092).is_ok());
    }
}
