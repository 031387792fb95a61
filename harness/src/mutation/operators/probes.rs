//! Probes that knock where nobody listens.

use super::super::Operator;
use super::ports::shift;

pub(super) static PORT_SHIFTED: Operator = Operator {
    id: "probe-port-shifted",
    mistake: "A probe asks a port nobody listens on; the pod never becomes ready, or is killed again and again.",
    find: |subject| {
        for template in subject.objects.pod_templates() {
            for container in template.containers() {
                for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                    for action in ["httpGet", "tcpSocket", "grpc"] {
                        let Some(port) = container.node.at(&[probe, action, "port"]) else { continue };
                        let path = container.path.clone().key(probe).key(action).key("port");
                        shift(subject, template.object, path, port);
                    }
                }
            }
        }
    },
};
