use super::*;

/// A module that keeps the contract but for one thing.
fn module(render: &str, extra: &str) -> Vec<u8> {
    wat::parse_str(format!(
        "(module
           (memory (export \"memory\") 2)
           {extra}
           (func (export \"abi_version\") (result i32) (i32.const {ABI_VERSION}))
           (func (export \"alloc\") (param i32) (result i32) (i32.const 1024))
           (func (export \"render\") (param i32 i32) (result i64) {render}))"
    ))
    .unwrap()
}

fn run(module: &[u8], limits: SandboxLimits) -> SandboxError {
    match Sandbox::from_bytes(module, limits) {
        Ok(sandbox) => sandbox.run(&Request::default(), b"").unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn a_module_that_loops_runs_out_of_fuel() {
    let limits = SandboxLimits { fuel: Some(1_000_000), ..SandboxLimits::default() };
    let error = run(&module("(loop (br 0)) (i64.const 0)", ""), limits);
    assert!(matches!(error, SandboxError::Fuel(1_000_000)), "{error}");
}

#[test]
fn a_module_that_takes_too_long_is_stopped() {
    let limits = SandboxLimits { deadline: Duration::from_millis(50), ..SandboxLimits::default() };
    let error = run(&module("(loop (br 0)) (i64.const 0)", ""), limits);
    assert!(matches!(error, SandboxError::Deadline(_)), "{error}");
}

#[test]
fn a_module_that_grows_is_stopped() {
    let limits = SandboxLimits { memory: 1 << 20, ..SandboxLimits::default() };
    let error = run(&module("(drop (memory.grow (i32.const 1000))) (i64.const 0)", ""), limits);
    assert!(matches!(error, SandboxError::Memory(_)), "{error}");
}

#[test]
fn a_module_that_traps_or_recurses_says_so() {
    let error = run(&module("unreachable", ""), SandboxLimits::default());
    assert!(matches!(&error, SandboxError::Trap(text) if text.contains("unreachable")), "{error}");
    let recursion = module("(call $again) (i64.const 0)", "(func $again (call $again))");
    let error = run(&recursion, SandboxLimits::default());
    assert!(matches!(&error, SandboxError::Trap(text) if text.contains("stack")), "{error}");
}

#[test]
fn rubbish_is_no_answer() {
    for render in ["(i64.const 0)", "(i64.const -1)", "(i64.const 0x0000040000000010)"] {
        let error = run(&module(render, ""), SandboxLimits::default());
        assert!(matches!(error, SandboxError::Answer(_)), "{render}: {error}");
    }
}

#[test]
fn a_module_that_wants_something_of_the_host_is_refused() {
    let wasm =
        wat::parse_str("(module (import \"env\" \"now\" (func)) (memory (export \"memory\") 1))").unwrap();
    let error = run(&wasm, SandboxLimits::default());
    assert!(matches!(&error, SandboxError::Imports(names) if names == "env.now"), "{error}");
}

#[test]
fn another_contract_is_refused() {
    let error =
        run(&wat::parse_str("(module (memory (export \"memory\") 1))").unwrap(), SandboxLimits::default());
    assert!(matches!(error, SandboxError::Export("abi_version")), "{error}");
    let other = wat::parse_str(
        "(module (memory (export \"memory\") 1)
           (func (export \"abi_version\") (result i32) (i32.const 9))
           (func (export \"alloc\") (param i32) (result i32) (i32.const 0))
           (func (export \"render\") (param i32 i32) (result i64) (i64.const 0)))",
    )
    .unwrap();
    assert!(matches!(run(&other, SandboxLimits::default()), SandboxError::Version { found: 9 }));
    assert!(matches!(run(b"not wasm", SandboxLimits::default()), SandboxError::Module(_)));
}

#[test]
fn the_plugin_imports_nothing_and_exports_the_contract() {
    let engine = engine(&SandboxLimits::default()).unwrap();
    let module = compiled::load(&engine, PLUGIN_WASM, PLUGIN_WASM_ID).unwrap();
    assert_eq!(module.imports().count(), 0);
    let exports: Vec<_> = module.exports().map(|export| export.name().to_owned()).collect();
    for name in ["memory", "abi_version", "alloc", "render"] {
        assert!(exports.iter().any(|export| export == name), "{name} of {exports:?}");
    }
}

#[test]
fn the_same_bytes_in_give_the_same_bytes_out_natively_and_in_wasm() {
    let sandbox = Sandbox::new().unwrap();
    for stream in [
        "",
        "not: [yaml",
        "# Source: c/templates/s.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {A: hi}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b, a: c}\n",
    ] {
        let request = Request::default();
        let native = gift_plugin::render::answer(&request, stream.as_bytes());
        assert_eq!(sandbox.run(&request, stream.as_bytes()).unwrap(), native);
        assert_eq!(sandbox.run(&request, stream.as_bytes()).unwrap(), native);
    }
}

const WORKLOAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      \
                        containers: [{name: a, image: 'a:latest', env: [{name: PASSWORD, value: x}]}]\n---\n\
                        apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {A: 'secretRef:A'}\n";

/// A request with the organisation's policies, parameters and a secret.
fn request() -> Request {
    let files = crate::policies::Policies::read(&crate::policies::PolicySelection::Embedded).unwrap();
    Request {
        params: files.params.into_iter().take(1).map(|(_, source)| source).collect(),
        policies: files.policies,
        secrets: [("A".to_owned(), "bm90LXRvLWJlLWtlcHQ=".to_owned())].into(),
        ..Request::default()
    }
}

#[test]
fn policies_that_were_read_before_judge_as_those_read_now() {
    let request = request();
    let expected = gift_plugin::render::answer(&request, WORKLOAD.as_bytes());
    assert!(expected.0.findings.len() > 3, "{:?}", expected.0.findings);
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(sandbox.render(&request, WORKLOAD.as_bytes(), None).unwrap(), expected);
    for _ in 0..3 {
        assert_eq!(sandbox.run(&request, WORKLOAD.as_bytes()).unwrap(), expected);
    }
    assert_eq!(sandbox.prepared.lock().unwrap().len(), 1);
    let fewer = Request { policies: request.policies[..2].to_vec(), ..request };
    let expected = gift_plugin::render::answer(&fewer, WORKLOAD.as_bytes());
    assert_eq!(sandbox.run(&fewer, WORKLOAD.as_bytes()).unwrap(), expected);
}

#[test]
fn what_is_kept_of_a_request_holds_nothing_but_its_policies() {
    let request = request();
    let kept = Sandbox::new().unwrap().prepare(&request).unwrap().unwrap();
    let holds = |text: &str| kept.bytes().windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("require-app-label"));
    assert!(!holds("bm90LXRvLWJlLWtlcHQ"));
    assert!(!holds("not-to-be-kept"));
    assert!(!holds("a:latest"));
}

#[test]
fn a_policy_with_a_fault_is_told_as_it_is_without_preparing() {
    let mut request = request();
    request.policies[0].text = request.policies[0].text.replace("object", "objekt");
    let sandbox = Sandbox::new().unwrap();
    let (report, stream) = sandbox.run(&request, WORKLOAD.as_bytes()).unwrap();
    assert!(report.error.unwrap().message.contains("objekt"));
    assert!(stream.is_empty());
}

#[test]
fn a_module_that_prepares_nothing_is_given_the_policies_each_time() {
    let sandbox = Sandbox::from_bytes(&module("(i64.const 0)", ""), SandboxLimits::default()).unwrap();
    assert!(sandbox.prepared(&request()).is_none());
}
