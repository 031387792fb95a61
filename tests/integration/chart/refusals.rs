//! Values the chart refuses, and what it says: where in the values, and what is known instead.

use super::{HELMS, chart, own_system, own_values, refusal};
use serde_json::json;

#[test]
fn a_misspelt_key_is_refused_with_its_path() {
    let system = own_system();
    for helm in HELMS {
        let told = refusal(&chart().helm(helm).set(format!("{system}.services.user-service.replcas"), "2"));
        assert!(told.contains(&format!("at '/{system}/services/user-service'")), "{told}");
        assert!(told.contains("'replcas' not allowed"), "{told}");
    }
}

#[test]
fn a_name_kubernetes_would_not_take_is_refused_with_its_path() {
    let system = own_system();
    for helm in HELMS {
        let told = refusal(&chart().helm(helm).set(format!("{system}.services.User_Service.replicas"), "1"));
        assert!(told.contains(&format!("at '/{system}/services': ")), "{told}");
        assert!(told.contains("'User_Service' not allowed"), "{told}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_path() {
    let system = own_system();
    for helm in HELMS {
        let values = json!({system.as_str(): {"services": {"user-service": {"replicas": "two"}}}});
        let told = refusal(&chart().helm(helm).inline(values));
        assert!(told.contains(&format!("at '/{system}/services/user-service/replicas'")), "{told}");
        assert!(told.contains("got string, want"), "{told}");
    }
}

#[test]
fn an_unknown_system_is_refused_with_the_systems_there_are() {
    for helm in HELMS {
        let told = refusal(&chart().helm(helm).set("system", "nowhere"));
        assert!(told.contains("the values hold no tree \"nowhere\""), "{told}");
        assert!(told.contains(&format!("There are: {}.", own_system())), "{told}");
        assert!(told.contains("-f values/nowhere/base.yaml"), "{told}");
        let two =
            chart().helm(helm).set("system", "nowhere").inline(json!({"abroad": {"services": {"web": {}}}}));
        let told = refusal(&two);
        assert!(told.contains(&format!("There are: abroad, {}.", own_system())), "{told}");
    }
}

#[test]
fn a_dependency_on_nothing_is_refused_with_the_services_there_are() {
    let system = own_system();
    let values = own_values();
    let mut known: Vec<_> = values[&system]["services"].as_object().unwrap().keys().cloned().collect();
    known.sort();
    for helm in HELMS {
        let path = format!("{system}.services.user-service.dependsOn.mail-service");
        let told = refusal(&chart().helm(helm).set(format!("{path}.reason"), "letters"));
        assert!(told.contains(&format!("{path}: there is no service \"mail-service\"")), "{told}");
        assert!(told.contains(&format!("Known services: {}.", known.join(", "))), "{told}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let system = own_system();
    let values = json!({system.as_str(): {"services": {"user-service": {
        "dependsOn": {"mail-service": {}, "user-service": {}},
        "dependsOnExternal": {"moon": {}},
        "env": {"TOKEN": {"secret": "no-such-secret"}},
    }}}});
    let told = refusal(&chart().inline(values));
    for part in [
        "dependsOn.mail-service: there is no service",
        "dependsOn.user-service: a service cannot depend on itself",
        "dependsOnExternal.moon: there is no external \"moon\"",
        "env.TOKEN: there is no",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn a_reference_to_a_service_that_is_switched_off_is_refused() {
    let system = own_system();
    let told = refusal(&chart().set(format!("{system}.services.product-service.enabled"), "false"));
    assert!(told.contains("service \"product-service\" is switched off"), "{told}");
}

#[test]
fn plaintext_and_reference_of_one_key_are_refused() {
    let system = own_system();
    let told =
        refusal(&chart().set(format!("{system}.secrets.gift-secret.secretRefs.JWT_SECRET"), "JWT_SECRET"));
    assert!(told.contains("secretRefs.JWT_SECRET: data holds the key as well"), "{told}");
}

#[test]
fn an_exception_needs_a_reason_and_a_last_day() {
    let system = own_system();
    let exception = |value: serde_json::Value| {
        let service = json!({"exceptions": {"pinned-image-tag": value}});
        refusal(&chart().inline(json!({system.as_str(): {"services": {"user-service": service}}})))
    };
    assert!(exception(json!({"reason": "vendor image"})).contains("missing property 'expires'"));
    assert!(exception(json!({"expires": "2099-12-31"})).contains("missing property 'reason'"));
    assert!(
        exception(json!({"reason": "vendor image", "expires": "soon"})).contains("'soon' does not match")
    );
}
