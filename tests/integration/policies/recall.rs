//! How many secrets the built-in rules find: secrets of every kind are drawn and put into what the chart
//! renders, and each has to be found where it was put. False alarms are counted on public charts, by
//! `ci/charts/false-alarms`; docs/secrets.md has both numbers.
//!
//! Nothing here is a secret, and no text of this file has the shape of one: they are put together when
//! the test runs, the same ones in every run.

use crate::chart::{chart, rendered};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use gift_plugin::protocol::{Options, Request};
use gift_plugin::render::answer;
use serde_json::{Value, json};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";

/// How many secrets of a kind are drawn for each place.
const DRAWN: usize = 40;

/// A kind of secret: what it is, the least part of them that must be found, in percent, and how a setting
/// is drawn that holds one.
struct Kind {
    what: &'static str,
    floor: usize,
    draw: fn(&mut Dice) -> (String, String),
}

/// Secrets of a well-known shape are found under any name; those that only look random, under the name of a
/// secret.
const KINDS: &[Kind] = &[
    Kind {
        what: "AWS access key",
        floor: 100,
        draw: |dice| (dice.plain_name(), ["AK", "IA"].concat() + &dice.text(16, &[UPPER, DIGITS])),
    },
    Kind {
        what: "AWS secret key",
        floor: 100,
        draw: |dice| ("AWS_SECRET_ACCESS_KEY".to_owned(), dice.text(40, &[LOWER, UPPER, DIGITS, "+/"])),
    },
    Kind {
        what: "JSON Web Token",
        floor: 100,
        draw: |dice| {
            let encoded = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            let header = encoded(json!({"alg": dice.one(&["HS256", "RS256", "ES256"]), "typ": "JWT"}));
            let claims = encoded(json!({"sub": dice.word(), "exp": 1_700_000_000 + dice.below(1_000_000)}));
            (
                dice.plain_name(),
                format!("{header}.{claims}.{}", BASE64_URL_SAFE_NO_PAD.encode(dice.bytes(32))),
            )
        },
    },
    Kind {
        what: "private key",
        floor: 100,
        draw: |dice| {
            let title = dice.one(&["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""]);
            let size = 120 + dice.below(500);
            let body = BASE64_STANDARD.encode(dice.bytes(size));
            let lines: Vec<&str> =
                body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let mark = |what: &str| format!("-----{what} {title}PRIVATE{}KEY-----", ' ');
            (dice.plain_name(), format!("{}\n{}\n{}\n", mark("BEGIN"), lines.join("\n"), mark("END")))
        },
    },
    Kind {
        what: "address with a password",
        floor: 100,
        draw: |dice| {
            let scheme =
                dice.one(&["postgres", "postgresql", "mysql", "mongodb+srv", "amqp", "redis", "https"]);
            let user = if *scheme == "redis" { String::new() } else { dice.word() };
            let password = dice.text(8 + dice.clone().below(16), &[LOWER, UPPER, DIGITS]);
            (
                dice.plain_name(),
                format!("{scheme}://{user}:{password}@{}.internal:5432/{}", dice.word(), dice.word()),
            )
        },
    },
    Kind {
        what: "connection string",
        floor: 98,
        draw: |dice| {
            let password = dice.text(16, &[LOWER, UPPER, DIGITS]);
            let (host, user) = (dice.word(), dice.word());
            let text = match dice.below(3) {
                0 => format!(
                    "Server=tcp:{host},1433;Database=app;User Id={user};Password={password};Encrypt=true"
                ),
                1 => format!("jdbc:mysql://{host}:3306/app?user={user}&password={password}"),
                _ => format!(
                    "host={host} port=5432 dbname=app user={user} password={password} sslmode=require"
                ),
            };
            (dice.plain_name(), text)
        },
    },
    Kind {
        what: "token of a vendor",
        floor: 100,
        draw: |dice| {
            let all = [LOWER, UPPER, DIGITS];
            let (prefix, length) = *dice.one(&[
                (["gh", "p_"], 36),
                (["gl", "pat-"], 20),
                (["xo", "xb-"], 48),
                (["sk_", "live_"], 24),
                (["np", "m_"], 36),
                (["h", "f_"], 34),
                (["AI", "za"], 35),
                (["sk-", "proj-"], 48),
                (["hv", "s."], 90),
            ]);
            (dice.plain_name(), prefix.concat() + &dice.text(length, &all))
        },
    },
    Kind {
        what: "Azure storage key",
        floor: 100,
        draw: |dice| {
            let key = BASE64_STANDARD.encode(dice.bytes(64));
            let text = format!(
                "DefaultEndpointsProtocol=https;AccountName={};{}={key}",
                dice.word(),
                ["Account", "Key"].concat()
            );
            (dice.plain_name(), text)
        },
    },
    Kind {
        what: "Basic authentication",
        floor: 100,
        draw: |dice| {
            let pair = format!("{}:{}", dice.word(), dice.text(12, &[LOWER, UPPER, DIGITS]));
            (dice.plain_name(), format!("Basic {}", BASE64_STANDARD.encode(pair)))
        },
    },
    Kind {
        what: "credentials of a registry",
        floor: 100,
        draw: |dice| {
            let pair = format!("{}:{}", dice.word(), dice.text(16, &[LOWER, UPPER, DIGITS]));
            let auths = json!({"auths": {"registry.example.com": {"auth": BASE64_STANDARD.encode(pair)}}});
            (dice.plain_name(), auths.to_string())
        },
    },
    Kind {
        what: "hexadecimal token",
        floor: 100,
        draw: |dice| {
            let length = *dice.one(&[32, 40, 64]);
            (dice.secret_name(), dice.text(length, &[HEX]))
        },
    },
    Kind {
        what: "Base64 token",
        floor: 100,
        draw: |dice| {
            let size = *dice.one(&[16, 24, 32, 48]);
            (dice.secret_name(), BASE64_STANDARD.encode(dice.bytes(size)))
        },
    },
    Kind {
        what: "letters and digits",
        floor: 98,
        draw: |dice| {
            let length = *dice.one(&[12, 16, 20, 24, 32]);
            (dice.secret_name(), dice.text(length, &[LOWER, UPPER, DIGITS]))
        },
    },
    Kind {
        what: "UUID",
        floor: 100,
        draw: |dice| {
            let parts = [8, 4, 4, 4, 12].map(|length| dice.text(length, &[HEX]));
            (dice.secret_name(), parts.join("-"))
        },
    },
    Kind {
        what: "password with signs",
        floor: 96,
        draw: |dice| {
            let length = *dice.one(&[12, 16, 20]);
            (dice.secret_name(), dice.text(length, &[LOWER, UPPER, DIGITS, "!@#$%^&*-_=+?~"]))
        },
    },
];

/// Where a setting is put.
struct Place {
    what: &'static str,
    kind: &'static str,
    rule: &'static str,
    /// Whether texts of several lines are put there.
    lines: bool,
    put: fn(&mut Value, &str, &str),
}

const PLACES: &[Place] = &[
    Place {
        what: "ConfigMap",
        kind: "ConfigMap",
        rule: "secret-in-config-map",
        lines: true,
        put: |object, name, text| {
            object["data"][name] = json!(text);
        },
    },
    Place {
        what: "file in a ConfigMap",
        kind: "ConfigMap",
        rule: "secret-in-config-map",
        lines: true,
        put: |object, name, text| {
            let quoted = json!(text);
            object["data"]["application.yaml"] = json!(format!(
                "# Settings.\nserver:\n  port: 8080\nclient:\n  {name}: {quoted}\n  retries: 3\n"
            ));
        },
    },
    Place {
        what: "variable",
        kind: "Deployment",
        rule: "secret-in-container",
        lines: true,
        put: |object, name, text| {
            let env = &mut object["spec"]["template"]["spec"]["containers"][0]["env"];
            let mut variables = env.as_array().cloned().unwrap_or_default();
            variables.push(json!({"name": name, "value": text}));
            *env = Value::Array(variables);
        },
    },
    Place {
        what: "argument",
        kind: "Deployment",
        rule: "secret-in-container",
        lines: false,
        put: |object, name, text| {
            let name = name.to_lowercase().replace('_', "-");
            object["spec"]["template"]["spec"]["containers"][0]["args"] =
                json!(["serve", format!("--{name}={text}")]);
        },
    },
    Place {
        what: "annotation",
        kind: "Deployment",
        rule: "secret-in-annotation",
        lines: false,
        put: |object, name, text| {
            object["metadata"]["annotations"][format!("example.com/{name}")] = json!(text);
        },
    },
    Place {
        what: "annotation of pods",
        kind: "Deployment",
        rule: "secret-in-annotation",
        lines: false,
        put: |object, name, text| {
            object["spec"]["template"]["metadata"]["annotations"][format!("example.com/{name}")] =
                json!(text);
        },
    },
];

#[test]
fn drawn_secrets_are_found_where_they_are() {
    let objects = rendered(&chart());
    for place in PLACES {
        let hosts: Vec<&Value> = objects.iter().filter(|object| object["kind"] == place.kind).collect();
        for host in &hosts {
            assert!(!found(host, place.rule), "something is found before anything is put there: {host}");
        }
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut short = Vec::new();
    for kind in KINDS {
        let (mut all, mut seen, mut missed) = (0, 0, Vec::new());
        for place in PLACES {
            let hosts: Vec<&Value> = objects.iter().filter(|object| object["kind"] == place.kind).collect();
            for _ in 0..DRAWN {
                let (name, text) = (kind.draw)(&mut dice);
                if text.contains('\n') && !place.lines {
                    continue;
                }
                let mut object = (*dice.one(&hosts)).clone();
                (place.put)(&mut object, &name, &text);
                all += 1;
                if found(&object, place.rule) {
                    seen += 1;
                } else {
                    missed.push(format!("{}: {name} {text}", place.what));
                }
            }
        }
        let percent = seen * 100 / all;
        eprintln!("{:26} {seen:4} of {all:4}, {percent:3} %", kind.what);
        if percent < kind.floor {
            short.push(format!(
                "{}: {percent} %, {} at least; such as\n{}",
                kind.what,
                kind.floor,
                missed[..missed.len().min(20)].join("\n")
            ));
        }
    }
    assert!(short.is_empty(), "{}", short.join("\n"));
}

/// What people think of has words in it, as what is no secret has, and no text tells the two apart: those are
/// for the organisation's policies, which go by the name alone.
#[test]
fn passwords_of_people_are_found_by_their_names() {
    let objects = rendered(&chart());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for place in PLACES.iter().filter(|place| matches!(place.what, "ConfigMap" | "variable")) {
        let hosts: Vec<&Value> = objects.iter().filter(|object| object["kind"] == place.kind).collect();
        for _ in 0..DRAWN {
            let mut object = (*dice.one(&hosts)).clone();
            assert_eq!(sensitive(&object), 0);
            let name = dice.one(&["DB_PASSWORD", "API_KEY", "AUTH_TOKEN", "CLIENT_SECRET", "PGPASSWORD"]);
            let text = dice.password_of_a_person();
            (place.put)(&mut object, name, &text);
            assert!(sensitive(&object) > 0, "{}: {name} {text}", place.what);
            assert!(!found(&object, place.rule), "{text} would be a false alarm in many places");
        }
    }
}

/// How much the organisation's policies about sensitive settings find.
fn sensitive(object: &Value) -> usize {
    let findings = super::findings(&serde_yaml::to_string(object).unwrap());
    findings.iter().filter(|finding| finding.rule.starts_with("no-sensitive-")).count()
}

/// Whether the rule finds something in an object.
fn found(object: &Value, rule: &str) -> bool {
    let request = Request {
        options: Options { only: vec![rule.to_owned()], ..Options::default() },
        ..Request::default()
    };
    let (report, _) = answer(&request, serde_yaml::to_string(object).unwrap().as_bytes());
    assert_eq!(report.error, None);
    !report.findings.is_empty()
}

/// Draws the same in every run (xorshift64*).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound
    }

    fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    /// Characters of an alphabet in parts.
    fn text(&mut self, length: usize, parts: &[&str]) -> String {
        let alphabet: Vec<char> = parts.concat().chars().collect();
        (0..length).map(|_| *self.one(&alphabet)).collect()
    }

    fn word(&mut self) -> String {
        let words = [
            "orders", "summer", "billing", "harbour", "garden", "copper", "winter", "falcon", "market",
            "river",
        ];
        (*self.one(&words)).to_owned()
    }

    fn password_of_a_person(&mut self) -> String {
        let word = self.word();
        let capital = word[..1].to_uppercase() + &word[1..];
        match self.below(3) {
            0 => format!("{capital}{}!", 1980 + self.below(46)),
            1 => format!("{capital}{}", self.below(1000)),
            _ => format!("{word}-{}-{}", self.word(), self.word()),
        }
    }

    /// The name of a setting that may hold anything.
    fn plain_name(&mut self) -> String {
        (*self.one(&["BACKEND", "SETTING", "UPSTREAM", "CLIENT", "EXTRA", "ORDERS"])).to_owned()
    }

    /// The name of a setting that holds a secret.
    fn secret_name(&mut self) -> String {
        let names = [
            "DB_PASSWORD",
            "API_KEY",
            "AUTH_TOKEN",
            "CLIENT_SECRET",
            "JWT_SECRET",
            "ENCRYPTION_KEY",
            "PGPASSWORD",
            "SESSION_SECRET",
        ];
        (*self.one(&names)).to_owned()
    }
}
