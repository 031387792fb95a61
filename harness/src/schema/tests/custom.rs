//! Custom resources: what structural schemas may ask for.

use super::super::*;
use super::mistakes;
use crate::diagnosis::Diagnose as _;
use crate::objects::Objects;
use std::fs;

/// The schemas of a kind Web of example.com/v1, whose specification is this.
fn schemas(spec: &str) -> Schemas {
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: webs.example.com}}\n\
         spec:\n  group: example.com\n  names: {{kind: Web, plural: webs}}\n  scope: Namespaced\n  versions:\n  \
         - {{name: v1alpha1, served: false, storage: false, schema: {{openAPIV3Schema: {{type: object}}}}}}\n  \
         - {{name: v1beta1, served: true, storage: false, deprecated: true, schema: {{openAPIV3Schema: {{type: object}}}}}}\n  \
         - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        \
         properties:\n          apiVersion: {{type: string}}\n          spec: {spec}\n"
    );
    let objects = Objects::read(definition.as_bytes()).unwrap();
    Schemas::default().with(Arc::new(CustomSchemas::of_stream(&objects)))
}

/// Path and message of every mistake in a Web with that specification.
fn told(schema: &str, spec: &str) -> Vec<(String, String)> {
    let stream = format!("{{apiVersion: example.com/v1, kind: Web, metadata: {{name: a}}, spec: {spec}}}");
    mistakes(&stream, 36, &schemas(schema))
        .into_iter()
        .map(|mistake| (mistake.path.to_string(), mistake.message))
        .collect()
}

#[track_caller]
fn holds(schema: &str, spec: &str) {
    assert_eq!(told(schema, spec), [], "{schema} and {spec}");
}

#[track_caller]
fn fails(schema: &str, spec: &str, path: &str, message: &str) {
    assert_eq!(told(schema, spec), [(path.to_owned(), message.to_owned())], "{schema} and {spec}");
}

#[test]
fn fields_are_known_required_and_defaulted() {
    let schema = "{type: object, required: [name, size], properties: {name: {type: string}, size: {type: integer, default: 1}}}";
    holds(schema, "{name: a}");
    holds(schema, "{name: a, size: null}");
    fails(schema, "{}", "spec.name", "`name` is missing, and `spec` of Web requires it");
    fails(schema, "{name: null}", "spec.name", "`name` is null, and `spec` of Web requires it");
    fails(schema, "{name: a, sise: 2}", "spec.sise", "`spec` of Web has no field `sise`");
    fails(schema, "{name: 1}", "spec.name", "is an integer, and must be text");
    fails(
        schema,
        "{name: a, size: 1.5}",
        "spec.size",
        "is a number that is no integer, and must be an integer",
    );
    fails(schema, "[]", "spec", "is a list, and must be a mapping");
    fails("{type: object}", "{a: 1}", "spec.a", "`spec` of Web has no field `a`");
}

#[test]
fn unknown_fields_are_kept_where_the_schema_keeps_them() {
    let schema = "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: object, properties: {b: {type: string}}}}}";
    holds(schema, "{a: {b: x}, c: {d: 1}}");
    fails(schema, "{a: {c: x}}", "spec.a.c", "`spec.a` of Web has no field `c`");
    holds("{x-kubernetes-preserve-unknown-fields: true}", "[1, {a: b}]");
    holds("{type: object, additionalProperties: true}", "{a: [1]}");
    let map = "{type: object, additionalProperties: {type: integer, maximum: 3}}";
    holds(map, "{a: 1, b: null}");
    fails(map, "{a: 4}", "spec.a", "must be at most 3");
}

#[test]
fn null_is_a_value_only_where_the_schema_says_so() {
    let schema = |nullable| {
        format!(
            "{{type: object, required: [a], properties: {{a: {{type: string, nullable: {nullable}}}, b: {{type: array, items: {{type: string}}}}}}}}"
        )
    };
    holds(&schema(true), "{a: null}");
    fails(&schema(false), "{a: null}", "spec.a", "`a` is null, and `spec` of Web requires it");
    // Null in a list has no field it could be left out of.
    fails(&schema(true), "{a: x, b: [null]}", "spec.b[0]", "is null, and must be text");
    holds(&schema(true), "{a: x, b: null}");
}

#[test]
fn integers_or_texts_and_whole_objects_are_told_apart() {
    let either =
        "{x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}], pattern: '^[0-9]+%$'}";
    holds(either, "4294967296");
    holds(either, "10%");
    fails(either, "ten", "spec", "must have the form `^[0-9]+%$`");
    fails(either, "[]", "spec", "is a list, and must be an integer or text");
    let whole =
        "{type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}";
    holds(whole, "{apiVersion: v1, kind: Pod, metadata: {labels: {a: b}}, spec: {a: 1}}");
    fails(whole, "{apiVersion: v1}", "spec.kind", "`kind` is missing, and `spec` of Web requires it");
    fails(
        whole,
        "{apiVersion: v1, kind: Pod, metadata: {lables: {}}}",
        "spec.metadata.lables",
        "ObjectMeta has no field `lables`",
    );
}

#[test]
fn values_stay_within_their_limits() {
    let cases = [
        (
            "{type: string, minLength: 2, maxLength: 3}",
            "äö",
            "a",
            "has 1 character, and must have at least 2",
        ),
        ("{type: string, maxLength: 3}", "abc", "abcd", "has 4 characters, and must have at most 3"),
        ("{type: string, pattern: '^a+$'}", "aa", "ab", "must have the form `^a+$`"),
        (
            "{type: string, format: date-time}",
            "'2026-01-31T12:00:00Z'",
            "today",
            "must be a date and time, `2026-01-31T12:00:00Z`",
        ),
        ("{type: string, format: ipv4}", "10.0.0.1", "10.0.0.256", "must be an IPv4 address"),
        ("{type: string, format: no-such-format}", "a", "1", "is an integer, and must be text"),
        ("{type: string, enum: [A, B]}", "A", "C", "must be `A` or `B`"),
        ("{type: integer, enum: [1, 2]}", "1", "3", "must be one of 1, 2"),
        ("{type: integer, minimum: 1, maximum: 5}", "5", "0", "must be at least 1"),
        ("{type: integer, minimum: 1, exclusiveMinimum: true}", "2", "1", "must be more than 1"),
        ("{type: number, maximum: 1, exclusiveMaximum: true}", "0.5", "1", "must be less than 1"),
        ("{type: number, multipleOf: 0.5}", "1.5", "1.6", "must be a multiple of 0.5"),
        ("{type: integer, format: int32}", "1", "4294967296", "is beyond what 32 bits hold"),
        (
            "{type: array, minItems: 1, items: {type: string}}",
            "[a]",
            "[]",
            "has 0 items, and must have at least 1",
        ),
        (
            "{type: array, maxItems: 1, items: {type: string}}",
            "[a]",
            "[a, b]",
            "has 2 items, and must have at most 1",
        ),
        (
            "{type: object, maxProperties: 1, additionalProperties: {type: string}}",
            "{a: b}",
            "{a: b, c: d}",
            "has 2 fields, and must have at most 1",
        ),
    ];
    for (schema, good, bad, message) in cases {
        holds(schema, good);
        fails(schema, bad, "spec", message);
    }
    fails(
        "{type: array, items: {type: string, maxLength: 1}}",
        "[a, bc]",
        "spec[1]",
        "has 2 characters, and must have at most 1",
    );
}

#[test]
fn alternatives_are_weighed() {
    let fields = "properties: {a: {type: string}, b: {type: string}, c: {type: integer}}";
    let one = format!("{{type: object, {fields}, oneOf: [{{required: [a]}}, {{required: [b]}}]}}");
    holds(&one, "{a: x}");
    fails(&one, "{c: 1}", "spec", "must have one of `a`, `b`, and has none");
    fails(&one, "{a: x, b: x}", "spec", "must have one of `a`, `b`, and has 2");
    holds(&one, "{a: x, b: null}");
    let any = format!(
        "{{type: object, {fields}, anyOf: [{{required: [a]}}, {{properties: {{c: {{minimum: 3}}}}, required: [c]}}]}}"
    );
    holds(&any, "{c: 3}");
    fails(&any, "{c: 2}", "spec", "must have at least one of `a`, `c`");
    let none = format!("{{type: object, {fields}, not: {{required: [a, b]}}}}");
    holds(&none, "{a: x}");
    fails(&none, "{a: x, b: x}", "spec", "must not have `a` with `b`");
    let all = format!(
        "{{type: object, {fields}, allOf: [{{required: [a]}}, {{properties: {{c: {{maximum: 1}}}}}}]}}"
    );
    holds(&all, "{a: x, c: 1}");
    fails(&all, "{a: x, c: 2}", "spec.c", "must be at most 1");
}

#[test]
fn items_differ_by_their_keys() {
    let list = "{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name, zone], items: {type: object, required: [name], properties: {name: {type: string}, zone: {type: string, default: a}}}}";
    holds(list, "[{name: x}, {name: x, zone: b}]");
    fails(
        list,
        "[{name: x}, {name: x, zone: a}]",
        "spec[1]",
        "has the same `name` and `zone` as item 0: server-side apply refuses both",
    );
    let set = "{type: array, x-kubernetes-list-type: set, items: {type: string}}";
    fails(set, "[a, a]", "spec[1]", "is the same as item 0, and the items of this list must differ");
}

#[test]
fn a_version_the_definition_does_not_serve_is_told_with_those_it_does() {
    let schemas = schemas("{type: object}");
    let of = |version: &str| {
        mistakes(
            &format!("{{apiVersion: example.com/{version}, kind: Web, metadata: {{name: a}}}}"),
            36,
            &schemas,
        )
    };
    for version in ["v1alpha1", "v2"] {
        let found = of(version);
        assert_eq!(found[0].message, format!("Web is not served as example.com/{version}"));
        assert_eq!(
            found[0].help,
            "Use example.com/v1 or example.com/v1beta1: so says the CustomResourceDefinition in this stream."
        );
    }
    let found = of("v1beta1");
    assert_eq!(found[0].message, "Web of example.com/v1beta1 is deprecated by its author");
    assert_eq!(found[0].severity, gift_plugin::protocol::Severity::Warning);
}

#[test]
fn what_nothing_is_known_of_is_counted() {
    let stream = b"{apiVersion: a.example.com/v1, kind: A, x: 1}\n---\n{apiVersion: a.example.com/v1, kind: A}\n---\n{apiVersion: v1, kind: Pod}\n";
    let objects = Objects::read(stream).unwrap();
    assert_eq!(Schemas::default().judge(objects.iter().next().unwrap(), Minor::NEWEST), Verdict::Unknown);
    assert_eq!(
        Unknown::of(&objects, &Schemas::default()).note().unwrap(),
        "2 custom resources of no known schema are not held against one (A of a.example.com/v1); `--schemas DIR` \
         takes their CustomResourceDefinitions"
    );
    let objects = Objects::read(b"{apiVersion: v1, kind: Pod}").unwrap();
    assert_eq!(Unknown::of(&objects, &Schemas::default()).note(), None);
}

#[test]
fn the_schemas_brought_along_name_where_they_are_from() {
    let stream = "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a}, spec: {secretName: a, dnsName: [a], issuerRef: {name: a}}}";
    let found = mistakes(stream, 36, &Schemas::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "`spec` of Certificate has no field `dnsName`");
    assert!(
        found[0].help.starts_with("Did you mean `dnsNames`? The schema is that of cert-manager v"),
        "{}",
        found[0].help
    );
    // Another version of such a project may serve what this one does not.
    let objects = Objects::read(b"{apiVersion: cert-manager.io/v1alpha2, kind: Certificate}").unwrap();
    assert_eq!(Schemas::default().judge(objects.iter().next().unwrap(), Minor::NEWEST), Verdict::Unknown);
}

#[test]
fn folders_and_charts_give_schemas() {
    let definition = |kind: &str| {
        format!(
            "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {{group: example.com, names: {{kind: {kind}}}, \
             scope: Cluster, versions: [{{name: v1, served: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]}}}}"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("chart/crds/a.yaml", &definition("A"));
    write("chart/charts/part/crds/b.json", &definition("B"));
    write("chart/crds/README.md", "{");
    let schemas =
        Schemas::default().with(Arc::new(CustomSchemas::of_chart(&folder.path().join("chart")).unwrap()));
    for (kind, number) in [("A", 1), ("B", 1)] {
        let stream = format!("{{apiVersion: example.com/v1, kind: {kind}, a: 1}}");
        assert_eq!(mistakes(&stream, 36, &schemas).len(), number, "{kind}");
        let objects = Objects::read(stream.as_bytes()).unwrap();
        assert_eq!(schemas.is_namespaced(objects.iter().next().unwrap()), Some(false));
    }
    assert!(CustomSchemas::of_chart(folder.path()).unwrap().is_empty());
    let error = CustomSchemas::of_folder(&folder.path().join("nowhere")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read "), "{error}");
    write("other/a.yaml", "a: [");
    let error = CustomSchemas::of_folder(&folder.path().join("other")).unwrap_err();
    assert!(error.to_string().contains("other/a.yaml: line 1"), "{error}");
    write("empty/a.yaml", "a: 1");
    let error = CustomSchemas::of_folder(&folder.path().join("empty")).unwrap_err();
    assert!(error.to_string().ends_with("empty holds no CustomResourceDefinition"), "{error}");
    assert!(error.help().unwrap().contains("CustomResourceDefinitions"));
}

#[test]
fn what_cannot_stand_in_a_line_is_passed_over() {
    let schema = "{type: object, properties: {a: {type: string}, 'b c': {type: string}, 'd\\n= kinds': {type: string}}}";
    holds(schema, "{a: x, b c: y, e: z}");
    let schema = "{type: string, enum: ['a|b', \"c\\nd\", e]}";
    holds(schema, "'a|b'");
    fails(schema, "a", "spec", "must be one of \"a|b\", \"c\\nd\", \"e\"");
    for name in ["'A b'", "\"A\\n= types\"", "''"] {
        let definition = format!(
            "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {{group: example.com, names: {{kind: {name}}}, \
             scope: Namespaced, versions: [{{name: v1, served: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]}}}}"
        );
        assert!(
            CustomSchemas::of_stream(&Objects::read(definition.as_bytes()).unwrap()).is_empty(),
            "{name}"
        );
    }
}

#[test]
fn what_one_definition_does_not_serve_another_may() {
    let schemas = |version: &str| {
        let definition = format!(
            "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {{group: example.com, names: {{kind: Web}}, \
             scope: Namespaced, versions: [{{name: {version}, served: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]}}}}"
        );
        let objects = Objects::read(definition.as_bytes()).unwrap();
        Arc::new(CustomSchemas::of_stream(&objects))
    };
    let both = Schemas::default().with(schemas("v1")).with(schemas("v2"));
    for (version, expected) in [("v1", 0), ("v2", 0), ("v3", 1)] {
        let stream = format!("{{apiVersion: example.com/{version}, kind: Web, metadata: {{name: a}}}}");
        assert_eq!(mistakes(&stream, 36, &both).len(), expected, "{version}");
    }
}
