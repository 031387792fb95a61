//! What is in a package: a bill of materials of CycloneDX 1.6, in JSON.
//!
//! The same package of the same commit has the same bill, its number included. Depends on [`super::crates`] and
//! [`super::package`].

use super::crates::{Crate, Crates};
use super::package::{Package, sha256};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The bill of a package. `time` is when its source was committed, in seconds since 1970.
pub(super) fn bill_of_materials(
    package: &Package,
    crates: Option<&Crates>,
    time: Option<u64>,
) -> serde_json::Result<Vec<u8>> {
    let own = format!("{}@{}", package.file_name, package.metadata.version);
    let mut component = json!({
        "type": "application", "bom-ref": own, "name": package.metadata.name,
        "version": package.metadata.version.to_string(),
        "hashes": [{"alg": "SHA-256", "content": package.digest}],
    });
    if let Some(licence) = package.metadata.licence() {
        component["licenses"] = json!([{"expression": licence}]);
    }
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut uses = Vec::new();
    if let Some(crates) = crates {
        uses.extend(crates.all.first().map(reference));
        components.extend(crates.all.iter().map(of_crate));
        dependencies.extend(crates.all.iter().map(|one| {
            let used: Vec<_> = one.uses.iter().filter_map(|&at| crates.all.get(at)).map(reference).collect();
            json!({"ref": reference(one), "dependsOn": used})
        }));
    }
    let images = package.metadata.images().into_iter().map(|image| of_image(&image));
    for other in images.chain(package.metadata.charts().map(|(name, version)| of_chart(name, version))) {
        uses.extend(other["bom-ref"].as_str().map(str::to_owned));
        components.push(other);
    }
    dependencies.insert(0, json!({"ref": own, "dependsOn": uses}));
    let mut metadata = json!({
        "component": component,
        "tools": {"components": [{"type": "application", "name": "gift", "version": env!("CARGO_PKG_VERSION")}]},
    });
    if let Some(time) = time.and_then(|time| Timestamp::from_second(i64::try_from(time).ok()?).ok()) {
        metadata["timestamp"] = json!(time.to_string());
    }
    let mut bill = Map::from_iter([
        ("$schema".to_owned(), json!("http://cyclonedx.org/schema/bom-1.6.schema.json")),
        ("bomFormat".to_owned(), json!("CycloneDX")),
        ("specVersion".to_owned(), json!("1.6")),
        ("version".to_owned(), json!(1)),
        ("metadata".to_owned(), metadata),
        ("components".to_owned(), Value::Array(components)),
        ("dependencies".to_owned(), Value::Array(dependencies)),
    ]);
    let number = number(&sha256(&serde_json::to_vec(&bill)?));
    bill.insert("serialNumber".to_owned(), json!(format!("urn:uuid:{number}")));
    let mut bytes = serde_json::to_vec_pretty(&bill)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A UUID of version 8, which is what its maker says it is: here a digest.
fn number(digest: &str) -> String {
    let part = |from: usize, to: usize| &digest[from..to];
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// A crate that has a digest comes from the registry, and so has an address there.
fn reference(one: &Crate) -> String {
    match one.digest {
        Some(_) => format!("pkg:cargo/{}@{}", one.name, one.version.to_string().replace('+', "%2B")),
        None => format!("{}@{}", one.name, one.version),
    }
}

fn of_crate(one: &Crate) -> Value {
    let mut component = json!({
        "type": "library", "bom-ref": reference(one), "name": one.name, "version": one.version.to_string(),
    });
    if let Some(digest) = &one.digest {
        component["purl"] = json!(reference(one));
        component["hashes"] = json!([{"alg": "SHA-256", "content": digest}]);
    }
    if let Some(licence) = &one.licence {
        component["licenses"] = json!([{"expression": licence}]);
    }
    if let Some(repository) = &one.repository {
        component["externalReferences"] = json!([{"type": "vcs", "url": repository}]);
    }
    component
}

/// An image, as `registry.example/team/web:1.0@sha256:…`.
fn of_image(image: &str) -> Value {
    let (rest, digest) =
        image.split_once("@sha256:").map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    // A colon before the last slash is that of a port.
    let tag_at = rest.rfind(':').filter(|&at| !rest[at..].contains('/'));
    let (name, tag) = tag_at.map_or((rest, "latest"), |at| (&rest[..at], &rest[at + 1..]));
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
        _ => (None, name),
    };
    let version = digest.map_or_else(|| tag.to_owned(), |digest| format!("sha256%3A{digest}"));
    let mut purl = format!("pkg:docker/{path}@{version}");
    if let Some(host) = host {
        purl.push_str(&format!("?repository_url={}", host.replace(':', "%3A")));
    }
    let mut component =
        json!({"type": "container", "bom-ref": image, "name": name, "version": tag, "purl": purl});
    if let Some(digest) = digest {
        component["hashes"] = json!([{"alg": "SHA-256", "content": digest}]);
    }
    component
}

fn of_chart(name: &str, version: &str) -> Value {
    json!({"type": "application", "bom-ref": format!("chart:{name}@{version}"), "name": name, "version": version})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_told_by_registry_name_and_tag_or_digest() {
        let purl = |image: &str| of_image(image)["purl"].as_str().unwrap().to_owned();
        assert_eq!(purl("busybox:1.37.0"), "pkg:docker/busybox@1.37.0");
        assert_eq!(purl("team/web"), "pkg:docker/team/web@latest");
        assert_eq!(
            purl("registry.example:5000/team/web:2"),
            "pkg:docker/team/web@2?repository_url=registry.example%3A5000"
        );
        let digest = "a".repeat(64);
        let pinned = of_image(&format!("registry.example/web:2@sha256:{digest}"));
        assert_eq!(pinned["version"], "2");
        assert_eq!(pinned["hashes"][0]["content"], digest);
        assert!(pinned["purl"].as_str().unwrap().contains("/web@sha256%3Aaaa"));
    }
}
