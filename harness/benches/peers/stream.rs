//! The manifests every contestant gets: what a chart of as many services as wanted would render.
//!
//! Each service is eight objects of eight kinds, sound by the checks of all contestants as far as they
//! agree, and every eighth service has breaches of each sort. The same number of services gives the same bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

/// How many objects a service is.
pub(crate) const OBJECTS: usize = 8;

/// One service whose manifests have breaches in this many.
const BREACHING: usize = 8;

const SERVICE: &str = include_str!("service.yaml");

/// What is written in a sound service, and what in one with breaches.
const BREACHES: &[(&str, &str)] = &[
    (":1.4.2", ":latest"),
    ("privileged: false", "privileged: true"),
    ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ("              drop:\n                - ALL\n", "              add:\n                - SYS_ADMIN\n"),
    ("cpu: 250m", "cpu: 4000m"),
    ("            - name: SERVICE_NAME\n", "            - name: DATABASE_PASSWORD\n"),
    ("path: /health/ready\n              port: http", "path: /health/ready\n              port: 9090"),
    ("type: ClusterIP", "type: NodePort"),
    ("targetPort: http", "targetPort: web"),
    ("minReplicas: 3", "minReplicas: 1"),
    ("maxUnavailable: 1\n  unhealthy", "maxUnavailable: 0\n  unhealthy"),
    (
        "name: tmp\n          emptyDir:\n            sizeLimit: 64Mi",
        "name: tmp\n          hostPath:\n            path: /tmp",
    ),
];

/// Writes the manifests of `services` services, one after the other: what measures holds no more than it must,
/// for a process it starts is counted with what its parent had.
pub(crate) fn write(services: usize, file: &Path) -> io::Result<()> {
    let mut breaching = SERVICE.to_owned();
    for (sound, breach) in BREACHES {
        assert!(breaching.contains(sound), "service.yaml has {sound:?}");
        breaching = breaching.replace(sound, breach);
    }
    let mut out = BufWriter::new(File::create(file)?);
    for number in 0..services {
        let manifests = if number % BREACHING == BREACHING / 2 { &breaching } else { SERVICE };
        out.write_all(manifests.replace("service-name", &format!("service-{number:04}")).as_bytes())?;
    }
    out.flush()
}
