//! URLs and waits name Services that are there.

use super::{Assertion, Context, namespace::effective};
use crate::network::mention::{Settings, mentions};
use crate::network::service::{Services, qualified};
use crate::objects::Objects;
use gift_plugin::protocol::Finding;

/// What containers connect to by a name of the release is a Service, and has the port.
pub(super) struct NamedService;

const RULE: &str = "named-service";

impl Assertion for NamedService {
    fn id(&self) -> &'static str {
        RULE
    }

    fn title(&self) -> &'static str {
        "URLs and waits of containers name Services and ports that are there"
    }

    fn explanation(&self) -> &'static str {
        "A wait for a Service that is not there never ends, and a URL of it fails at the first call. Looked at are \
         variables, also those from ConfigMaps by key, arguments and commands: `<name>.<own namespace>.svc` and \
         what `nc` waits for must be a Service of the stream, and a port beside the name of one must be one it \
         offers. Other hosts may be anywhere and are nobody's fault."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers:\n  - name: wait-for-redis\n    command: [sh, -c, \"until nc -z redis 6379; do sleep 1; done\"]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: cache}\nspec: {ports: [{port: 6379}]}\n",
        )
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  initContainers:\n  - name: wait-for-redis\n    command: [sh, -c, \"until nc -z cache 6379; do sleep 1; done\"]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: cache}\nspec: {ports: [{port: 6379}]}\n",
        )
    }

    fn check(&self, objects: &Objects<'_>, context: &Context<'_>) -> Vec<Finding> {
        let namespace = |object| effective(object, context);
        let (services, settings) = (Services::of(objects, namespace), Settings::of(objects, namespace));
        let mut findings = Vec::new();
        for template in objects.pod_templates() {
            let own = effective(template.object, context);
            for container in template.containers() {
                for text in settings.texts(&container, own) {
                    for mention in mentions(&text.text).iter().filter(|mention| mention.is_certain) {
                        let (message, help) = match services.resolve(mention.host, own) {
                            Some(service) => {
                                let Some(port) = mention.port else { continue };
                                // The name of a headless Service leads to the pods, and any port of theirs.
                                let is_offered = service.is_headless
                                    || service.ports.is_empty()
                                    || service.ports.iter().any(|offered| offered.number == port);
                                if is_offered {
                                    continue;
                                }
                                let there: Vec<_> =
                                    service.ports.iter().map(|port| port.number.to_string()).collect();
                                (
                                    format!(
                                        "connects to port {port} of `{}`, which that Service does not offer",
                                        mention.host
                                    ),
                                    format!("It offers: {}.", there.join(", ")),
                                )
                            }
                            None => {
                                let is_own = match qualified(mention.host) {
                                    // Every cluster has this one.
                                    Some(("kubernetes", "default")) => false,
                                    Some((_, namespace)) => namespace == own,
                                    None => {
                                        mention.is_wait
                                            && !mention.host.contains('.')
                                            && mention.host != "localhost"
                                    }
                                };
                                if !is_own {
                                    continue;
                                }
                                (
                                    format!(
                                        "connects to `{}`, and there is no such Service in the release",
                                        mention.host
                                    ),
                                    "Correct the name, or add the Service.".to_owned(),
                                )
                            }
                        };
                        let message = format!("container {} {message}", container.name());
                        findings.push(template.object.finding(RULE, &text.path, message, help));
                    }
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;

    fn found(value: &str) -> Vec<String> {
        let stream = format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{ports: [{{port: 80}}]}}}}\n---\n{{apiVersion: v1, kind: Service, metadata: {{name: db}}, spec: {{clusterIP: None, ports: [{{port: 5432}}]}}}}\n---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{URL: '{value}'}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [{{name: c, env: [{{name: URL, valueFrom: {{configMapKeyRef: {{name: c, key: URL}}}}}}]}}]}}}}\n"
        );
        findings(&stream, "named-service").into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn only_what_is_certainly_of_the_release_is_asked_for() {
        for value in [
            "http://web/x",
            "http://web:80",
            "http://elsewhere:8080",
            "https://api.example.com",
            "http://a.other.svc.cluster.local",
            "https://kubernetes.default.svc",
            "db-0.db:9999",
            "http://localhost:1",
        ] {
            assert_eq!(found(value), Vec::<String>::new(), "{value}");
        }
        assert_eq!(
            found("http://web:8080/x"),
            ["container c connects to port 8080 of `web`, which that Service does not offer"]
        );
        assert_eq!(
            found("http://gone.default.svc:80"),
            ["container c connects to `gone.default.svc`, and there is no such Service in the release"]
        );
    }
}
