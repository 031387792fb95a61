//! Notices when Helm's own WASM runtime becomes able to run post-renderers.
//!
//! Helm 4 can run plugins as WASM modules, but what it hands a post-renderer has no manifests in it
//! (helm/helm issue 31832): they are marshalled as `{}`. So the plugin comes with a host of its own. The
//! day this test fails, that host can go.

use crate::workplace::{Workplace, text};

/// Answers with what it was asked: `{"manifests": ...}` has the same shape both ways.
const ECHO: &str = r#"
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory (export "memory") 1)
  (func (export "helm_plugin_main") (result i32)
    (local $at i64) (local $length i64) (local $output i64)
    (local.set $length (call $input_length))
    (local.set $output (call $alloc (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $at) (local.get $length)))
        (call $store_u8
          (i64.add (local.get $output) (local.get $at))
          (call $input_load_u8 (local.get $at)))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $next)))
    (call $output_set (local.get $output) (local.get $length))
    (i32.const 0)))
"#;

#[test]
fn helm_4_still_hands_its_wasm_post_renderers_no_manifests() {
    let workplace = Workplace::new(4);
    workplace.write("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
    workplace.write("shop/templates/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n");
    workplace.write(
        "echo/plugin.yaml",
        "apiVersion: v1\ntype: postrenderer/v1\nname: echo\nversion: 0.1.0\nruntime: extism/v1\n\
         runtimeConfig:\n  memory:\n    maxPages: 64\n",
    );
    workplace.write("echo/plugin.wasm", wat::parse_str(ECHO).unwrap());
    workplace.helm(&["plugin", "install", "./echo"]).assert().success();
    let output = workplace.helm(&["template", "shop", "./shop", "--post-renderer", "echo"]).output().unwrap();
    let stderr = text(&output.stderr);
    assert!(
        !output.status.success(),
        "Helm's WASM runtime can run post-renderers now: publish the module itself"
    );
    // That it ran, and came back with nothing, tells this failure from any other.
    assert!(stderr.contains("produced empty output"), "{stderr}");
}
