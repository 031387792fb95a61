//! Every operator, macro and function, as rules a generator can follow: what it gives, and how it is written over
//! parts of which types.
//!
//! `{int}` is a part of that type, `{A}` one of a type that is the same throughout the rule, `{any}` one of any
//! type, `{@A}` a new variable of that type for the parts behind it, `{#url}` text out of a pool of that name.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The type of a part of an expression, as far as the generator cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A type without parameters, by its name in the rules.
    Plain(&'static str),
    List(Box<Of>),
    Map(Box<Of>, Box<Of>),
    Optional(Box<Of>),
    /// A type of the caller's choice.
    Parameter(&'static str),
}

/// What a rule is written of.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(&'static str),
    /// A part of a type.
    Hole(Of),
    /// A new variable.
    Variable(Of),
    /// Text out of a pool.
    Pool(&'static str),
}

/// One way to write something of a type.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) result: Of,
    pub(super) parts: Vec<Part>,
    /// Whether the API server knows the function.
    pub(super) known: bool,
}

impl Rule {
    /// Whether what it gives has no type that is known before.
    pub(super) fn is_dynamic(&self) -> bool {
        let first = self.parts.first();
        matches!(first, Some(Part::Text(text)) if text.starts_with("dyn("))
            || matches!(first, Some(Part::Hole(Of::Plain("dyn"))))
    }
}

/// All rules.
pub(super) fn rules() -> &'static [Rule] {
    static PARSED: OnceLock<Vec<Rule>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let of = |text: &'static str, known: bool| {
            let lines =
                text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
            lines.map(move |line| parse(line, known)).collect::<Vec<_>>()
        };
        [of(RULES, true), of(UNKNOWN, false)].concat()
    })
}

/// What the parameters of a rule stand for.
pub(super) type Bindings = BTreeMap<&'static str, Of>;

impl Of {
    fn is_key(&self) -> bool {
        matches!(self, Self::Plain("bool" | "int" | "uint" | "string"))
    }

    /// Whether this, with parameters, can be `wanted`; notes what the parameters stand for.
    pub(super) fn unify(&self, wanted: &Self, bindings: &mut Bindings) -> bool {
        match (self, wanted) {
            // Parameters of these names are keys of maps.
            (Self::Parameter("K" | "L"), wanted) if !wanted.is_key() => false,
            (Self::Parameter(name), wanted) => match bindings.get(name) {
                Some(bound) => bound == wanted,
                None => bindings.insert(name, wanted.clone()).is_none(),
            },
            (Self::List(of), Self::List(wanted)) | (Self::Optional(of), Self::Optional(wanted)) => {
                of.unify(wanted, bindings)
            }
            (Self::Map(key, value), Self::Map(wanted_key, wanted_value)) => {
                key.unify(wanted_key, bindings) && value.unify(wanted_value, bindings)
            }
            (of, wanted) => of == wanted,
        }
    }
}

fn parse(line: &'static str, known: bool) -> Rule {
    let (result, written) = line.split_once(" = ").expect(line);
    let mut parts = Vec::new();
    let mut rest = written;
    while let Some(open) = rest.find('{') {
        // A brace of the expression itself is doubled.
        if let Some(behind) = rest[open..].strip_prefix("{{") {
            parts.push(Part::Text(&rest[..=open]));
            rest = behind;
            continue;
        }
        let close = open + rest[open..].find('}').expect(line);
        if open > 0 {
            parts.push(Part::Text(&rest[..open]));
        }
        let hole = &rest[open + 1..close];
        parts.push(match hole.split_at(1) {
            ("@", of) => Part::Variable(parse_type(of)),
            ("#", pool) => Part::Pool(pool),
            _ => Part::Hole(parse_type(hole)),
        });
        rest = &rest[close + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Rule { result: parse_type(result), parts, known }
}

pub(super) fn parse_type(text: &'static str) -> Of {
    let Some((outer, inner)) = text.split_once('<') else {
        let is_parameter = text.len() == 1 && text.starts_with(|first: char| first.is_ascii_uppercase());
        return if is_parameter { Of::Parameter(text) } else { Of::Plain(text) };
    };
    let inner = inner.strip_suffix('>').expect(text);
    match outer {
        "list" => Of::List(Box::new(parse_type(inner))),
        "optional" => Of::Optional(Box::new(parse_type(inner))),
        _ => {
            let (key, value) = inner.split_once(", ").expect(text);
            Of::Map(Box::new(parse_type(key)), Box::new(parse_type(value)))
        }
    }
}

const RULES: &str = r"
// The language.
A = {bool} ? {A} : {A}
A = {list<A>}[{index}]
A = {map<K, A>}[{K}]
A = dyn({A})
A = ({A})
bool = !{bool}
bool = {bool} && {bool}
bool = {bool} || {bool}
bool = {bool} && {bool} && {bool}
bool = {bool} || {bool} || {bool}
bool = {A} == {A}
bool = {A} != {A}
bool = {dyn} == {any}
bool = {any} == {dyn}
bool = {num} == {num}
bool = {num} < {num}
bool = {num} <= {num}
bool = {num} > {num}
bool = {num} >= {num}
bool = {ordered} < {ordered}
bool = {string} < {string}
bool = {string} >= {string}
bool = {bytes} < {bytes}
bool = {bytes} > {bytes}
bool = {bool} <= {bool}
bool = {duration} < {duration}
bool = {timestamp} >= {timestamp}
bool = {dyn} < {dyn}
bool = {dyn} >= {num}
bool = {A} in {list<A>}
bool = {dyn} in {list<A>}
bool = {K} in {map<K, A>}
bool = {dyn} in {map<K, A>}
bool = {any} in {dyn}
bool = has({#field})
bool = type({any}) == {type}
type = type({any})
type = {#type}
int = -{int}
int = {int} + {int}
int = {int} - {int}
int = {int} * {int}
int = {int} / {int}
int = {int} % {int}
int = {dyn} + {int}
int = {int} - {dyn}
uint = {uint} + {uint}
uint = {uint} - {uint}
uint = {uint} * {uint}
uint = {uint} / {uint}
uint = {uint} % {uint}
double = -{double}
double = {double} + {double}
double = {double} - {double}
double = {double} * {double}
double = {double} / {double}
string = {string} + {string}
bytes = {bytes} + {bytes}
list<A> = {list<A>} + {list<A>}
duration = {duration} + {duration}
duration = {duration} - {duration}
duration = {timestamp} - {timestamp}
timestamp = {timestamp} + {duration}
timestamp = {duration} + {timestamp}
timestamp = {timestamp} - {duration}

// Macros.
bool = {list<A>}.all({@A}, {bool})
bool = {list<A>}.exists({@A}, {bool})
bool = {list<A>}.exists_one({@A}, {bool})
bool = {map<K, A>}.all({@K}, {bool})
bool = {map<K, A>}.exists({@K}, {bool})
bool = {map<K, A>}.exists_one({@K}, {bool})
bool = {dyn}.all({@string}, {bool})
bool = {dyn}.exists({@int}, {bool})
list<A> = {list<A>}.filter({@A}, {bool})
list<K> = {map<K, A>}.filter({@K}, {bool})
list<B> = {list<A>}.map({@A}, {B})
list<B> = {list<A>}.map({@A}, {bool}, {B})
list<B> = {map<K, A>}.map({@K}, {B})
bool = {list<A>}.all({@int}, {@A}, {bool})
bool = {list<A>}.exists({@int}, {@A}, {bool})
bool = {list<A>}.existsOne({@int}, {@A}, {bool})
bool = {map<K, A>}.all({@K}, {@A}, {bool})
bool = {map<K, A>}.exists({@K}, {@A}, {bool})
bool = {map<K, A>}.existsOne({@K}, {@A}, {bool})
bool = {map<K, A>}.exists_one({@K}, {@A}, {bool})
list<B> = {list<A>}.transformList({@int}, {@A}, {B})
list<B> = {map<K, A>}.transformList({@K}, {@A}, {bool}, {B})
map<int, B> = {list<A>}.transformMap({@int}, {@A}, {B})
map<K, B> = {map<K, A>}.transformMap({@K}, {@A}, {B})
map<K, B> = {map<K, A>}.transformMap({@K}, {@A}, {bool}, {B})
map<L, B> = {map<K, A>}.transformMapEntry({@K}, {@A}, {{{L}: {B}})
map<L, B> = {list<A>}.transformMapEntry({@int}, {@A}, {bool}, {{{L}: {B}})
list<A> = {list<A>}.sortBy({@A}, {int})
list<A> = {list<A>}.sortBy({@A}, {string})
list<A> = {list<A>}.sortBy({@A}, {dyn})

// Conversions.
int = size({string})
int = size({list<A>})
int = size({dyn})
int = {string}.size()
int = {bytes}.size()
int = {list<A>}.size()
int = {map<K, A>}.size()
bool = bool({#bool})
bool = bool({bool})
int = int({#int})
int = int({int})
int = int({uint})
int = int({double})
int = int({duration})
int = int({timestamp})
int = int({dyn})
uint = uint({#int})
uint = uint({uint})
uint = uint({int})
uint = uint({double})
double = double({#double})
double = double({double})
double = double({int})
double = double({uint})
double = double({dyn})
string = string({string})
string = string({bool})
string = string({int})
string = string({uint})
string = string({double})
string = string({bytes})
string = string({duration})
string = string({timestamp})
string = string({ip})
string = string({cidr})
string = string({dyn})
bytes = bytes({string})
bytes = bytes({bytes})
duration = duration({#duration})
duration = duration({int})
timestamp = timestamp({#timestamp})
timestamp = timestamp({int})

// Text.
bool = {string}.contains({string})
bool = {string}.startsWith({string})
bool = {string}.endsWith({string})
string = {string}.charAt({index})
int = {string}.indexOf({string})
int = {string}.indexOf({string}, {index})
int = {string}.lastIndexOf({string})
int = {string}.lastIndexOf({string}, {index})
string = {string}.lowerAscii()
string = {string}.upperAscii()
string = {string}.replace({string}, {string})
string = {string}.replace({string}, {string}, {index})
list<string> = {string}.split({string})
list<string> = {string}.split({string}, {index})
string = {string}.substring({index})
string = {string}.substring({index}, {index})
string = {string}.trim()
string = {list<string>}.join()
string = {list<string>}.join({string})
string = {dyn}.join({string})
string = strings.quote({string})
string = {#template}.format([])
string = {#template}.format([{any}])
string = {#template}.format([{any}, {any}])
string = {#template}.format([{num}, {num}])
string = {#template}.format({list<A>})
bool = {string}.matches({#regex})
bool = matches({string}, {#regex})
bool = {dyn}.matches({#regex})
string = {string}.find({#regex})
list<string> = {string}.findAll({#regex})
list<string> = {string}.findAll({#regex}, {index})

// Lists and sets.
bool = {list<ordered>}.isSorted()
bool = {list<int>}.isSorted()
bool = {list<string>}.isSorted()
bool = {dyn}.isSorted()
int = {list<int>}.sum()
uint = {list<uint>}.sum()
double = {list<double>}.sum()
duration = {list<duration>}.sum()
int = {dyn}.sum()
int = {list<int>}.min()
int = {list<int>}.max()
double = {list<double>}.min()
string = {list<string>}.max()
string = {list<string>}.min()
bool = {list<bool>}.max()
bytes = {list<bytes>}.min()
duration = {list<duration>}.max()
timestamp = {list<timestamp>}.min()
string = {dyn}.min()
int = {list<A>}.indexOf({A})
int = {list<A>}.lastIndexOf({A})
list<A> = {list<A>}.slice({index}, {index})
list<A> = {list<list<A>>}.flatten()
list<A> = {list<A>}.flatten({index})
list<int> = lists.range({index})
list<A> = {list<A>}.distinct()
list<A> = {list<A>}.reverse()
list<int> = {list<int>}.sort()
list<string> = {list<string>}.sort()
list<double> = {list<double>}.sort()
list<A> = {list<A>}.sort()
list<int> = {dyn}.sort()
bool = sets.contains({list<A>}, {list<A>})
bool = sets.equivalent({list<A>}, {list<A>})
bool = sets.intersects({list<A>}, {list<A>})
bool = sets.contains({dyn}, {dyn})

// Optional values.
optional<A> = optional.of({A})
optional<A> = optional.ofNonZeroValue({A})
optional<A> = optional.none()
optional<A> = {list<A>}[?{index}]
optional<A> = {map<K, A>}[?{K}]
optional<A> = {map<string, A>}.?a
optional<A> = {optional<map<string, A>>}.a
optional<A> = {optional<map<string, A>>}.?b
optional<A> = {optional<list<A>>}[{index}]
optional<A> = {optional<list<A>>}[?{index}]
optional<A> = {optional<A>}.or({optional<A>})
optional<B> = {optional<A>}.optMap({@A}, {B})
optional<B> = {optional<A>}.optFlatMap({@A}, {optional<B>})
optional<A> = {list<A>}.first()
optional<A> = {list<A>}.last()
optional<dyn> = {dyn}.?a
optional<dyn> = {dyn}[?{any}]
A = {optional<A>}.value()
A = {optional<A>}.orValue({A})
A = {dyn}.orValue({A})
bool = {optional<A>}.hasValue()
bool = has({optional<map<string, A>>}.a)
list<A> = optional.unwrap({list<optional<A>>})
list<A> = {list<optional<A>>}.unwrapOpt()
list<A> = [?{optional<A>}, {A}]
map<string, A> = {{?'a': {optional<A>}, 'b': {A}}

// Quantities.
quantity = quantity({#quantity})
bool = isQuantity({#quantity})
int = sign({quantity})
bool = {quantity}.isGreaterThan({quantity})
bool = {quantity}.isLessThan({quantity})
bool = {quantity} == {quantity}
int = {quantity}.compareTo({quantity})
double = {quantity}.asApproximateFloat()
int = {quantity}.asInteger()
bool = {quantity}.isInteger()
quantity = {quantity}.add({quantity})
quantity = {quantity}.add({int})
quantity = {quantity}.sub({quantity})
quantity = {quantity}.sub({int})

// URLs.
url = url({#url})
bool = isURL({#url})
string = {url}.getScheme()
string = {url}.getHost()
string = {url}.getHostname()
string = {url}.getPort()
string = {url}.getEscapedPath()
map<string, list<string>> = {url}.getQuery()

// IP addresses and ranges.
ip = ip({#ip})
bool = isIP({#ip})
bool = ip.isCanonical({#ip})
int = {ip}.family()
bool = {ip}.isUnspecified()
bool = {ip}.isLoopback()
bool = {ip}.isLinkLocalMulticast()
bool = {ip}.isLinkLocalUnicast()
bool = {ip}.isGlobalUnicast()
cidr = cidr({#cidr})
bool = isCIDR({#cidr})
bool = {cidr}.containsIP({#ip})
bool = {cidr}.containsIP({ip})
bool = {cidr}.containsCIDR({#cidr})
bool = {cidr}.containsCIDR({cidr})
ip = {cidr}.ip()
cidr = {cidr}.masked()
int = {cidr}.prefixLength()

// Semantic versions.
semver = semver({#semver})
semver = semver({#semver}, {bool})
bool = isSemver({#semver})
bool = isSemver({#semver}, {bool})
bool = {semver}.isGreaterThan({semver})
bool = {semver}.isLessThan({semver})
int = {semver}.compareTo({semver})
int = {semver}.major()
int = {semver}.minor()
int = {semver}.patch()

// Named formats.
format = format.{#format}()
optional<format> = format.named({#formatName})
optional<list<string>> = {format}.validate({#name})

// Time.
int = {timestamp}.getFullYear()
int = {timestamp}.getMonth({#zone})
int = {timestamp}.getDate()
int = {timestamp}.getDayOfMonth({#zone})
int = {timestamp}.getDayOfWeek()
int = {timestamp}.getDayOfYear({#zone})
int = {timestamp}.getHours({#zone})
int = {timestamp}.getMinutes({#zone})
int = {timestamp}.getSeconds()
int = {timestamp}.getMilliseconds()
int = {duration}.getHours()
int = {duration}.getMinutes()
int = {duration}.getSeconds()
int = {duration}.getMilliseconds()
";

/// Functions of other users of the language, and of versions of a library that are not used.
const UNKNOWN: &str = r"
A = cel.bind({@A}, {A}, {A})
int = math.greatest({int}, {int})
string = {string}.reverse()
string = base64.encode({bytes})
bool = authorizer.path({string}).check('get').allowed()
";
