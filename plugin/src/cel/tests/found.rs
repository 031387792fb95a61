//! What a search through generated expressions found to be otherwise, and no table had.

use super::{check, refused};
use crate::cel::{Activation, Budget, Declarations, Environment, Memory, Value};
use crate::yaml::{Limits, load_stream};

#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    // What is constant is worked out before.
    ("int('abc')", "refused: type conversion error from 'string' to 'int'"),
    ("false && int(string(dyn('abc'))) > 0", "refused: type conversion error from 'string' to 'int'"),
    ("{}[null]", "refused: invalid qualifier type: types.Null"),
    ("{}[[]]", "refused: invalid qualifier type: *types.baseList"),
    ("object.kind.find('(?=a)')", "refused: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
    ("'a'.find('[b-a]')", "refused: error parsing regexp: invalid character class range: `b-a`"),
    ("'a'.find('a**')", "refused: error parsing regexp: invalid nested repetition operator: `**`"),
    ("timestamp == int", "refused: reference to undefined type: timestamp"),
    ("object.missing in []", "false"),
    // An optional in the middle of a chain has no fields, one at its beginning is looked into.
    ("{'a': optional.of({'b': 1})}.a.?b", "none"),
    ("{'a': optional.of({'b': 1})}.a.b", "error: no such key: b"),
    ("optional.of({'b': 1}).b", "some(1)"),
    ("optional.of({'b': {'c': 1}}).b.c", "some(1)"),
    ("optional.none()[1 / 0]", "none"),
    ("[optional.of({'b': 1})].map(x, x.b)[0].value()", "1"),
    // A condition takes values out of the language and puts them in again.
    ("(true ? has(optional.of({'a': false}).a) : true)", "some(false)"),
    ("(true ? optional.of(optional.of(1)) : optional.none()).value()", "1"),
    ("(true ? optional.of(optional.none()) : optional.none()).value()", "null"),
    ("object.?kind.optMap(k, url('http://a/' + k)).value()", "error: unsupported conversion to ref.Val: (*url.URL)http://a/Pod"),
    ("optional.ofNonZeroValue(optional.none()).hasValue()", "true"),
    // Sums of quantities are no values to compare with.
    ("quantity('1') == quantity('1').add(0)", "error: no such overload"),
    ("quantity('1').add(0) == quantity('1')", "true"),
    ("quantity('1').sub(-9223372036854775808).isLessThan(quantity('0'))", "true"),
    ("quantity('9223372036854775807').asApproximateFloat()", "9.223372036854776e18"),
    // What is not there to be measured ends everything.
    ("object.missing.distinct().size() > 0 || true", "error: internal error: interface conversion: *types.Err is not traits.Lister: missing method Add"),
    ("object.kind.distinct()", "error: internal error: interface conversion: types.String is not traits.Lister: missing method Contains"),
    ("[1].flatten(object.missing)", "error: internal error: interface conversion: ref.Val is *types.Err, not types.Int"),
    ("object.missing.sortBy(x, 1)", "error: internal error: interface conversion: *types.Err is not traits.Lister: missing method Add"),
    ("object.map.sortBy(x, x)", "error: no such overload: @sortByAssociatedKeys"),
    // Lists are judged by their first element.
    ("object.nested.isSorted()", "error: no such overload: isSorted(list)"),
    ("object.mixed.sum()", "error: no such overload"),
    ("object.missing.sort().size() > 0 || true", "true"),
    ("dyn(' a ').orValue([]).size()", "3"),
    ("duration(object.replicas)", "error: type conversion error from 'int' to 'google.protobuf.Duration'"),
    ("double('1_0')", "1e1"),
    ("double('0x1p-2')", "2.5e-1"),
    ("timestamp('2024-01-01T0:00:00Z')", "timestamp 2024-01-01T00:00:00Z"),
    ("'%s'.format([{'x\u{301}': 1}])", "\"{\\\"x\u{301}\\\":1}\""),
    ("{?'a': dyn(1).orValue(optional.none())}", "error: cannot initialize optional entry 'a' from non-optional value 1"),
    ("[?dyn(1).orValue(optional.none())]", "error: cannot initialize optional list element from non-optional value 1"),
    ("object.list.transformMap(k, v, v)[object.nothing]", "error: invalid qualifier type: <nil>"),
    // The last condition that fails is told, and before all others what could not be worked out after it held.
    ("['a', 'b'].filter(v, {}[v])", "error: no such key: b"),
    ("['a', 'b'].exists_one(v, {}[v])", "error: no such key: b"),
    ("['a', 'b'].map(v, {}[v])", "error: no such key: a"),
    ("['a', 'b'].map(v, v == 'b' || {}[v], {}[v])", "error: no such key: a"),
    ("['a', 'b'].map(v, v == 'a' || {}[v], {}[v + v])", "error: no such key: b"),
    (r"r'\'", r#""\\""#),
];

#[test]
fn expressions_give_what_they_give_to_the_api_server() {
    check(TABLE);
}

#[rustfmt::skip]
const REFUSED: &[(&str, &str)] = &[
    // The first mistake in the text, of those that are looked for at the same time.
    ("[1].map(x, y) + z", "1:12: undeclared reference to 'y' (in container '')"),
    ("nothing(1) + [1].all(x, x, true)", "1:25: duplicate variable name: x"),
    ("1 + [1].all(1, true)", "1:13: argument must be a simple name"),
    ("9223372036854775808 + undeclared", "1:1: invalid int literal"),
    ("[1, 'a'].map(x, undeclared)", "1:17: undeclared reference to 'undeclared' (in container '')"),
    ("[1, 'a'] == [2, 'b']", "1:5: expected type 'int' but found 'string'"),
    // What is not said of a type yet is learnt from where it stands.
    ("true ? [].sum() : 2.5", "1:6: found no matching overload for '_?_:_' applied to '(bool, int, double)'"),
    ("[].min().getDate()", "1:17: found no matching overload for 'getDate' applied to 'int.()'"),
    ("[[1], [], ['a']]", "1:11: expected type 'list(int)' but found 'list(string)'"),
    ("optional.none().orValue(1) + 'a'", "1:28: found no matching overload for '_+_' applied to '(int, string)'"),
    ("cel.bind(x, 1, x)", "1:1: undeclared reference to 'cel' (in container '')"),
    ("b'\\u00e9'", "1:1: unable to unescape string"),
    ("'\\ud800'", "1:1: invalid unicode code point"),
    ("1 & 2", "1:3: Syntax error: token recognition error at: '& '"),
    ("'%d'.format(['a'])", "1:14: error during formatting: decimal clause can only be used on integers, was given string"),
    ("'%s %s'.format([1, [optional.none()]])", "1:34: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given optional_type"),
    ("'%q'.format([1])", "1:12: could not parse formatting clause: unrecognized formatting clause \"q\""),
    ("has(object.list.map(x, [x]).size().a)", "1:4: type 'int' does not support field selection"),
    ("'a'.sortBy(x, x)", "1:1: sortBy can only be applied to a list, identifier, comprehension, call or select expression"),
    ("[1].all(__result__, true)", "1:9: iteration variable overwrites accumulator variable"),
];

#[test]
fn the_mistake_that_stands_first_is_told() {
    refused(REFUSED);
}

/// The value of an expression that may use one variable.
fn with_variable(variable: &str, source: &str) -> String {
    let environment = Environment::for_minor(36);
    let mut declarations = Declarations::admission();
    let variable = environment.compile(variable, &declarations).unwrap();
    declarations.declare_variable("v", variable.result_type());
    let program = environment.compile(source, &declarations).unwrap();
    let documents = load_stream("{metadata: {name: a}}", &Limits::default()).unwrap();
    let mut activation = Activation::default();
    activation.bind("object", Value::Node(&documents[0].root));
    activation.bind_variable("v", &variable, Memory::default());
    match program.evaluate(&activation, &mut Budget::new(1_000)) {
        Ok(value) => super::shown(&value),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn a_variable_is_the_middle_of_a_chain() {
    for (variable, source, expected) in [
        ("object.?metadata", "variables.v.?name", "none"),
        ("object.?metadata", "variables.v.name", "error: no such key: name"),
        ("object.?metadata", "variables.v.value().name", "\"a\""),
        ("object.?metadata", "variables.?v.name", "none"),
        ("object.metadata", "variables.?v.name", "some(\"a\")"),
        ("object.metadata", "variables.v.?name", "some(\"a\")"),
        ("object.missing", "variables.v == 1 || true", "true"),
        (
            "object.missing.distinct()",
            "variables.v",
            "error: composited variable \"v\" fails to evaluate: internal error: interface conversion: *types.Err is not traits.Lister: missing method Add",
        ),
    ] {
        assert_eq!(with_variable(variable, source), expected, "{source} with {variable}");
    }
}
