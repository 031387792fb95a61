use super::*;
use crate::matrix::Matrix;
use crate::schema::Minor;

fn start(name: &str) -> Start {
    Start {
        name: name.to_owned(),
        services: vec!["oven:8081".parse().unwrap(), "shop".parse().unwrap()],
        environments: vec!["dev".to_owned(), "prod".to_owned()],
        registry: "registry.example.com".to_owned(),
    }
}

#[test]
fn files_are_written_once_and_never_over_others() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("chart")).unwrap();
    let folders = Folders::new(root.join("chart"), root.join("values"), root.join("tests/matrix.yaml"));
    let files = start("bakery").files(&folders).unwrap();
    let names: Vec<_> =
        files.iter().map(|file| file.path.strip_prefix(root).unwrap().display().to_string()).collect();
    assert_eq!(
        names,
        ["values/bakery/base.yaml", "values/bakery/dev.yaml", "values/bakery/prod.yaml", "tests/matrix.yaml"]
    );
    fs::create_dir_all(root.join("values/bakery")).unwrap();
    fs::write(root.join("values/bakery/prod.yaml"), "mine").unwrap();
    let error = write(&files).unwrap_err();
    assert!(matches!(&error, StartError::Exists { path } if path.ends_with("prod.yaml")), "{error}");
    assert!(!root.join("values/bakery/base.yaml").exists(), "nothing is written when something is there");
    fs::remove_file(root.join("values/bakery/prod.yaml")).unwrap();
    write(&files).unwrap();
    assert!(write(&files).is_err());

    // A matrix that is there stays as it is.
    let again = start("cafe").files(&folders).unwrap();
    assert_eq!(again.len(), 3);
    let matrix = Matrix::load(root.join("tests/matrix.yaml")).unwrap();
    let versions = usize::from(Minor::NEWEST.number() - Minor::OLDEST.number()) + 1;
    assert_eq!(matrix.cells().len(), 2 * 2 * versions);
}

#[test]
fn names_that_will_not_do_are_told_apart() {
    let refused = |change: &dyn Fn(&mut Start)| {
        let mut start = start("bakery");
        change(&mut start);
        start.files(&Folders::new("nowhere", "values", "no-matrix.yaml")).unwrap_err()
    };
    for name in
        ["", "Bakery", "1bakery", "bakery-", "a/b", "..", "global", "system", "policies", &"a".repeat(64)]
    {
        let error = refused(&|start| start.name = name.to_owned());
        assert!(matches!(error, StartError::Name { what: "system", .. }), "{name}: {error}");
    }
    for environment in ["base", "a/b", "Prod", ""] {
        let error = refused(&|start| start.environments = vec![environment.to_owned()]);
        assert_eq!(error.to_string(), format!("`{environment}` is no name for an environment"));
    }
    let twice = refused(&|start| start.services.push("shop:1".parse().unwrap()));
    assert_eq!(twice.to_string(), "there are two services `shop`");
    let none = refused(&|start| start.services.clear());
    assert!(none.help().unwrap().contains("--service"));
    let registry = refused(&|start| start.registry = "a b: c".to_owned());
    assert!(matches!(registry, StartError::Name { what: "registry", .. }), "{registry}");
    for service in ["shop:0", "shop:x", "shop:70000", "shop:", "Shop:1", ":1"] {
        assert!(service.parse::<Service>().is_err(), "{service}");
    }
}

#[test]
fn a_system_the_chart_has_is_not_begun_again() {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chart");
    let own = own_trees(&chart).into_iter().find(|key| !RESERVED.contains(&key.as_str())).unwrap();
    let folders = Folders::new(chart, "values", "no-matrix.yaml");
    let error = start(&own).files(&folders).unwrap_err();
    assert!(matches!(error, StartError::Taken { .. }), "{error}");
}

#[test]
fn paths_lead_from_one_place_to_the_other() {
    for (from, to, way) in [
        ("tests", "../gift/chart", "../../gift/chart"),
        ("tests", "chart", "../chart"),
        ("values/bakery", "values/schema.json", "../schema.json"),
        ("", "./chart", "chart"),
        ("tests", "/chart", "/chart"),
        ("tests", "tests", "."),
    ] {
        assert_eq!(relative(Path::new(from), Path::new(to)), way, "{from} {to}");
    }
}
