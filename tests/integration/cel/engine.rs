//! The plugin's engine, asked the same as the reference.

use super::Case;
use super::generate::Variable;
use super::reference::{Evaluation, Outcome};
use super::world::World;
use gift_plugin::cel::{Activation, Budget, Declarations, Environment, Memory, Opaque, Program, Text, Value};
use gift_plugin::yaml::{Limits, load_stream};

/// More steps than any generated expression takes.
const STEPS: u64 = 10_000_000;

/// The declarations for a world, and its variables' programs; `Err` is a variable that does not compile.
fn compiled(world: &World) -> Result<(Declarations, Vec<Program>), (usize, String)> {
    let mut declarations = Declarations::admission();
    if world.params.is_none() {
        declarations.remove("params");
    }
    let mut programs = Vec::new();
    for (at, Variable { name, expression }) in world.variables.iter().enumerate() {
        let compiled = Environment::for_minor(world.minor).compile(&expression.to_string(), &declarations);
        let program = compiled.map_err(|error| (at, error.to_string()))?;
        declarations.declare_variable(name, program.result_type());
        programs.push(program);
    }
    Ok((declarations, programs))
}

/// The variable of a world that does not compile, and why.
pub(super) fn refused_variable(world: &World) -> Option<(usize, String)> {
    compiled(world).err()
}

/// The type of what an expression gives, if it compiles.
pub(super) fn type_of(world: &World, expression: &str) -> Option<String> {
    let (declarations, _) = compiled(world).ok()?;
    let program = Environment::for_minor(world.minor).compile(expression, &declarations).ok()?;
    Some(program.result_type().to_string())
}

/// What becomes of each expression of a world.
pub(super) fn evaluate(world: &World, expressions: &[String]) -> Vec<Evaluation> {
    let Ok((declarations, programs)) = compiled(world) else { panic!("{:?}", world.variables) };
    let texts = world.roots();
    let roots: Vec<_> = texts
        .iter()
        .map(|(name, text)| {
            (*name, load_stream(text, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}")))
        })
        .collect();
    let environment = Environment::for_minor(world.minor);
    let evaluate = |source: &String| {
        let program = match environment.compile(source, &declarations) {
            Ok(program) => program,
            Err(error) => return Evaluation { refused: error.to_string(), ..Evaluation::default() },
        };
        let mut activation = Activation::default();
        for (name, documents) in &roots {
            activation.bind(name, Value::Node(&documents[0].root));
        }
        for (Variable { name, .. }, program) in world.variables.iter().zip(&programs) {
            activation.bind_variable(name, program, Memory::default());
        }
        let outcome = match program.evaluate(&activation, &mut Budget::new(STEPS)) {
            Ok(value) => Outcome { value: shown(&value), ..Outcome::default() },
            Err(error) => Outcome { error: error.to_string(), ..Outcome::default() },
        };
        Evaluation { of: program.result_type().to_string(), results: vec![outcome], ..Evaluation::default() }
    };
    expressions.iter().map(evaluate).collect()
}

/// What becomes of one case.
pub(super) fn evaluate_case(case: &Case) -> Evaluation {
    evaluate(&case.world, &[case.expression.to_string()]).remove(0)
}

/// A value in a form that tells its type: `1`, `1u`, `1e0`, `"a"`, `b"61"`, `[1]`, `{"a": 1}`.
fn shown(value: &Value<'_>) -> String {
    let value = value.clone().plain();
    if let Some(list) = value.as_list() {
        let elements: Vec<String> = list.iter().map(|element| shown(&element)).collect();
        return format!("[{}]", elements.join(", "));
    }
    if let Some(map) = value.as_map() {
        let entry = |key: &Value<'_>| format!("{}: {}", shown(key), shown(&map.get(key).unwrap()));
        let mut entries: Vec<String> = map.keys().iter().map(entry).collect();
        entries.sort();
        return format!("{{{}}}", entries.join(", "));
    }
    match &value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => format!("{value}u"),
        Value::Double(value) => format!("{value:e}"),
        Value::String(Text::Borrowed(text)) => serde_json::to_string(text).unwrap(),
        Value::String(Text::Shared(text)) => serde_json::to_string(&**text).unwrap(),
        Value::Bytes(bytes) => {
            format!("b{:?}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Value::Type(kind) => format!("type {}", kind.name()),
        Value::Duration(duration) => format!("duration {}", duration.nanoseconds()),
        Value::Timestamp(timestamp) => format!("timestamp {timestamp}"),
        Value::Optional(Some(value)) => format!("some({})", shown(value)),
        Value::Optional(None) => "none".to_owned(),
        Value::Opaque(opaque) => match &**opaque {
            Opaque::Quantity(quantity) | Opaque::Sum(quantity) => {
                format!("quantity {:e}", quantity.as_approximate_float())
            }
            Opaque::Url(url) => format!("url {url}"),
            Opaque::Ip(address) => format!("ip {address}"),
            Opaque::Cidr(range) => format!("cidr {range}"),
            Opaque::Semver(_) => "semver".to_owned(),
            Opaque::Format(format) => format!("format {format:?}").to_lowercase(),
        },
        Value::List(_) | Value::Map(_) | Value::Node(_) => unreachable!("lists and maps are shown above"),
    }
}
