//! Each class of mistake, with the words it is told in.

mod custom;

use super::*;
use crate::objects::Objects;
use gift_plugin::protocol::Severity;

/// Path, message and help of every mistake in the one object of a stream.
fn told(stream: &str, minor: u8) -> Vec<(String, String, String)> {
    mistakes(stream, minor, &Schemas::default())
        .into_iter()
        .map(|mistake| (mistake.path.to_string(), mistake.message, mistake.help))
        .collect()
}

fn mistakes(stream: &str, minor: u8, schemas: &Schemas) -> Vec<Mistake> {
    let objects = Objects::read(stream.as_bytes()).unwrap();
    let object = objects.iter().last().unwrap();
    match schemas.judge(object, Minor::new(minor)) {
        Verdict::Known(mistakes) => mistakes,
        Verdict::Unknown => panic!("nothing is known of {}", object.kind()),
    }
}

#[track_caller]
fn one(stream: &str, minor: u8, path: &str, message: &str, help: &str) {
    let expected = (path.to_owned(), message.to_owned(), help.to_owned());
    assert_eq!(told(stream, minor), [expected]);
}

/// A Pod with one container, which has these fields too.
fn container(fields: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, image: a, {fields}}}]}}}}"
    )
}

#[test]
fn an_unknown_field_is_told_with_the_one_that_was_meant() {
    one(
        &container("imagePullPolcy: Always"),
        34,
        "spec.containers[0].imagePullPolcy",
        "Container has no field `imagePullPolcy`",
        "Did you mean `imagePullPolicy`? `kubectl explain pod.spec.containers` shows the fields there are.",
    );
    one(
        &container("colour: red"),
        34,
        "spec.containers[0].colour",
        "Container has no field `colour`",
        "Remove it. `kubectl explain pod.spec.containers` shows the fields there are.",
    );
}

#[test]
fn a_field_of_another_version_is_told_with_that_version() {
    let stream = container("restartPolicyRules: []");
    one(
        &stream,
        30,
        "spec.containers[0].restartPolicyRules",
        "Container has no field `restartPolicyRules` in Kubernetes 1.30: it came with 1.34",
        "Leave it out for this version, or ask for a newer one.",
    );
    assert_eq!(told(&stream, 34), []);
    let stream = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {topologyKeys: ['*']}}";
    assert_eq!(told(stream, 21), []);
    one(
        stream,
        22,
        "spec.topologyKeys",
        "ServiceSpec has no field `topologyKeys` in Kubernetes 1.22: 1.22 removed it",
        "Leave it out for this version.",
    );
}

#[test]
fn a_wrong_type_is_told_without_its_value() {
    let cases = [
        (
            "tty: 'yes'",
            "tty",
            "is text, and must be true or false",
            "Remove the quotes; in a template, `| int` or no `| quote`.",
        ),
        (
            "workingDir: 7",
            "workingDir",
            "is an integer, and must be text",
            "Put it in quotes; in a template, `| quote`.",
        ),
        ("args: a", "args", "is text, and must be a list", "Write a list, each item after `- `."),
        ("args: {a: b}", "args", "is a mapping, and must be a list", "Begin each item with `- `."),
        (
            "securityContext: [1]",
            "securityContext",
            "is a list, and must be a mapping",
            "Write the fields without `- ` before them.",
        ),
        (
            "resources: {limits: {cpu: much}}",
            "resources.limits.cpu",
            "is no quantity",
            "Write a number and one of the suffixes n, u, m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei.",
        ),
        (
            "resources: {limits: {cpu: true}}",
            "resources.limits.cpu",
            "is true or false, and must be a quantity, as 500m or 1Gi",
            "Write what is expected there.",
        ),
        (
            "livenessProbe: {httpGet: {port: 1.5}}",
            "livenessProbe.httpGet.port",
            "is a number that is no integer, and must be an integer or text",
            "Write what is expected there.",
        ),
        (
            "livenessProbe: {httpGet: {port: 3000000000}}",
            "livenessProbe.httpGet.port",
            "is beyond what 32 bits hold",
            "Write a number between -2147483648 and 2147483647.",
        ),
        (
            "livenessProbe: {periodSeconds: '5'}",
            "livenessProbe.periodSeconds",
            "is text, and must be an integer of 32 bits",
            "Remove the quotes; in a template, `| int` or no `| quote`.",
        ),
        (
            "imagePullPolicy: Allways",
            "imagePullPolicy",
            "must be `Always`, `IfNotPresent` or `Never`",
            "Did you mean `Always`?",
        ),
    ];
    for (fields, path, message, help) in cases {
        one(&container(fields), 36, &format!("spec.containers[0].{path}"), message, help);
    }
    one(
        "{apiVersion: v1, kind: Pod, metadata: {name: a, creationTimestamp: today}, spec: {containers: [{name: a}]}}",
        36,
        "metadata.creationTimestamp",
        "is no date and time",
        "Write it as RFC 3339 does: \"2026-01-31T12:00:00Z\".",
    );
    one(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, binaryData: {a: '%'}}",
        36,
        "binaryData.a",
        "is no Base64",
        "Encode it; in a template, `| b64enc`.",
    );
}

#[test]
fn what_is_missing_is_told_with_what_asks_for_it() {
    one(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: [{name: a}]}}}}",
        36,
        "spec.selector",
        "`selector` is missing, and DeploymentSpec requires it",
        "Give it a mapping.",
    );
    one(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: null}}",
        36,
        "spec.containers",
        "`containers` is null, and PodSpec requires it",
        "Give it a list.",
    );
}

#[test]
fn items_that_must_differ_are_told_with_the_first_of_their_like() {
    one(
        &container("env: [{name: A}, {name: B}, {name: A}]"),
        36,
        "spec.containers[0].env[2]",
        "has the same `name` as item 0: server-side apply refuses both",
        "Give it another `name`, or remove one of the two.",
    );
    one(
        &container(
            "ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]",
        ),
        36,
        "spec.containers[0].ports[1]",
        "has the same `containerPort` and `protocol` as item 0: server-side apply refuses both",
        "Give it another `containerPort` or `protocol`, or remove one of the two.",
    );
    one(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [a, b, a]}}",
        36,
        "metadata.finalizers[2]",
        "is the same as item 0, and the items of this list must differ",
        "Remove one of the two.",
    );
    // Many are compared in another way than a few.
    let names: Vec<_> = (0..40).map(|number| format!("{{name: A{}}}", number % 39)).collect();
    let found = told(&container(&format!("env: [{}]", names.join(", "))), 36);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "spec.containers[0].env[39]");
}

#[test]
fn what_the_api_takes_passes() {
    let stream = "apiVersion: apps/v1
kind: Deployment
metadata: {name: a, creationTimestamp: null, labels: {a: null}}
spec:
  replicas: 1.0
  selector: {matchLabels: {a: b}}
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  template:
    metadata: {creationTimestamp: '2024-05-06T07:08:09Z'}
    spec:
      nodeSelector: null
      volumes: [{name: v, emptyDir: {sizeLimit: 1}}, {name: w, emptyDir: {}}, {name: x, emptyDir: null}]
      containers:
      - name: c
        resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 0.5, memory: ' 1e3 '}}
        imagePullPolicy: ''
        livenessProbe: {httpGet: {port: http}}
        args: [null]
        env: [{name: A, value: null}]
";
    for minor in 19..=36 {
        assert_eq!(told(stream, minor), [], "{minor}");
    }
    // Whether the values of a Secret are Base64 is another rule's part.
    assert_eq!(
        told("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {A: 'secretRef:x', B: 1}}", 36),
        []
    );
}

#[test]
fn what_does_not_say_what_it_is_is_told() {
    one(
        "{kind: Pod, metadata: {name: a}}",
        36,
        "apiVersion",
        "`apiVersion` is missing: nobody can tell what this object is",
        "State `apiVersion` and `kind`, both as text.",
    );
    assert_eq!(told("{apiVersion: v1, metadata: {name: a}}", 36)[0].0, "kind");
}

#[test]
fn a_kind_that_is_gone_is_told_with_its_end_and_what_takes_its_place() {
    let cases = [
        (
            "autoscaling/v2beta2",
            "HorizontalPodAutoscaler",
            26,
            "1.26 removed it",
            "Use autoscaling/v2, and look at what changed between the two.",
        ),
        (
            "extensions/v1beta1",
            "Ingress",
            22,
            "1.22 removed it",
            "Use networking.k8s.io/v1, and look at what changed between the two.",
        ),
        (
            "extensions/v1beta1",
            "Deployment",
            19,
            "1.16 removed it",
            "Use apps/v1, and look at what changed between the two.",
        ),
        (
            "policy/v1beta1",
            "PodDisruptionBudget",
            30,
            "1.25 removed it",
            "Use policy/v1, and look at what changed between the two.",
        ),
        (
            "policy/v1beta1",
            "PodSecurityPolicy",
            25,
            "1.25 removed it",
            "Nothing replaces it; remove the object.",
        ),
        // What its sources name as its replacement is gone by then too.
        (
            "flowcontrol.apiserver.k8s.io/v1beta2",
            "FlowSchema",
            36,
            "1.29 removed it",
            "Use flowcontrol.apiserver.k8s.io/v1, and look at what changed between the two.",
        ),
        ("batch/v1", "CronJob", 19, "it came with 1.21", "Use batch/v1beta1 in this version."),
        (
            "admissionregistration.k8s.io/v1",
            "ValidatingAdmissionPolicy",
            24,
            "it came with 1.30",
            "Leave it out for this version; in a template, ask `.Capabilities.APIVersions`.",
        ),
    ];
    for (api_version, kind, minor, why, help) in cases {
        one(
            &format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: a}}}}"),
            minor,
            "apiVersion",
            &format!("Kubernetes 1.{minor} has no {kind} of {api_version}: {why}"),
            help,
        );
    }
}

#[test]
fn a_kind_that_will_go_is_a_warning() {
    let stream = "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}";
    let found = mistakes(stream, 22, &Schemas::default());
    assert_eq!(found[0].severity, Severity::Warning);
    one(
        stream,
        22,
        "apiVersion",
        "PodDisruptionBudget of policy/v1beta1 is deprecated since 1.21, and 1.25 removes it",
        "Use policy/v1, and look at what changed between the two.",
    );
    assert_eq!(told(stream, 20), []);
}

#[test]
fn a_kind_there_never_was_is_told_with_the_one_that_was_meant() {
    let cases = [
        ("apps/v1", "Deploymnet", "kind", "apps/v1 has no kind `Deploymnet`", "Did you mean `Deployment`?"),
        ("v1", "Deployment", "kind", "v1 has no kind `Deployment`", "Deployment is a kind of apps/v1."),
        ("apps/v2", "Deployment", "apiVersion", "Kubernetes has no Deployment of apps/v2", "Use apps/v1."),
        (
            "apps/v1",
            "Whatever",
            "kind",
            "apps/v1 has no kind `Whatever`",
            "`kubectl api-resources` shows the kinds there are.",
        ),
    ];
    for (api_version, kind, path, message, help) in cases {
        one(
            &format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: a}}}}"),
            36,
            path,
            message,
            help,
        );
    }
}

#[test]
fn no_definition_is_read_that_is_not_asked_for_and_every_one_can_be() {
    for table in [kubernetes(), brought()] {
        let mut fields = 0;
        for (kind, api_version) in table.kinds() {
            let known = table.kind(api_version, kind).unwrap_or_else(|| panic!("{api_version} {kind}"));
            assert!(known.shape.is_some() || known.removed.is_some(), "{api_version} {kind}");
        }
        for number in 0.. {
            if table.name(number).is_empty() {
                break;
            }
            fields += table.definition(number).fields().len();
        }
        assert_eq!(fields, table.count_of_fields(), "every line is a field");
        assert!(fields > 1000);
    }
}
