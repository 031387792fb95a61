//! What Jenkins runs, where there is Groovy (`ci/setup delivery` brings it where there is Java): the Jenkinsfile and
//! the shared library's step compile, and the step runs the real command.

use super::repository::Repository;
use crate::workplace::{repository, text};
use std::fs;
use std::path::Path;

fn lint(folder: &Repository, arguments: &[&str]) -> Option<(bool, String)> {
    let output = folder.run("work", &repository().join("ci/jenkins/lint"), arguments);
    let told = text(&output.stdout) + &text(&output.stderr);
    match output.status.code().unwrap() {
        3 => {
            eprintln!("left out: {told}");
            None
        }
        code => Some((code == 0, told)),
    }
}

#[test]
fn what_jenkins_compiles_is_groovy() {
    let folder = Repository::new();
    let Some((good, told)) = lint(&folder, &[]) else { return };
    assert!(good, "{told}");
    for (file, right, wrong) in [
        ("Jenkinsfile", "stages {", "stages {{"),
        ("vars/gift.groovy", "for (word in words) {", "for (word in words {"),
    ] {
        let content = fs::read_to_string(repository().join("ci/jenkins").join(file)).unwrap();
        assert!(content.contains(right), "{file}");
        folder.write("Broken.groovy", &content.replacen(right, wrong, 1));
        let (good, told) = lint(&folder, &["Broken.groovy"]).unwrap();
        assert!(!good && told.contains("Broken.groovy: "), "{told}");
    }
}

/// Jenkins' own steps, as far as this one uses them: `sh` is a real shell, the others say what they were told.
const JENKINS: &str = r#"
def jenkins = new Binding()
jenkins.setVariable('sh', { Map step ->
    def shell = ['sh', '-c', step.script].execute()
    shell.waitForProcessOutput(System.out, System.err)
    return shell.exitValue()
})
jenkins.setVariable('junit', { Map step -> println "junit: ${step.testResults}" })
jenkins.setVariable('unstable', { message -> println "unstable: ${message}" })
jenkins.setVariable('error', { message -> println "error: ${message}"; throw new InterruptedException() })
def gift = new GroovyShell(jenkins).parse(new File(args[0]))
"#;

#[test]
fn the_step_runs_gift_as_it_is_told() {
    let shop = Repository::new();
    if lint(&shop, &[]).is_none() {
        return;
    }
    let step = repository().join("ci/jenkins/vars/gift.groovy").display().to_string();
    let run = |call: &str| {
        shop.write("run.groovy", &format!("{JENKINS}\n{call}\n"));
        let script = r#"JAVA_HOME=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")} exec groovy run.groovy "$1""#;
        let output = shop.run("work", Path::new("sh"), &["-c", script, "sh", &step]);
        text(&output.stdout) + &text(&output.stderr)
    };
    shop.write(
        "token.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ndata: {TOKEN: not Base64}\n",
    );
    let check = "['token.yaml', '--policy=none', '--only=secret-data-base64']";
    let told = run(&format!(
        "println 'code: ' + gift.call('changed', ['services'])
         println 'code: ' + gift.call('check', {check}, unstable: true, report: \"it's.xml\")
         gift.call('check', [\"'; touch harmed '\"], unstable: true)"
    ));
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines.starts_with(&["oven", "till", "code: 0"]), "{told}");
    assert!(told.contains("junit: it's.xml\nunstable: gift check: findings\ncode: 1\n"), "{told}");
    assert!(shop.read("it's.xml").contains("<testsuite"), "{told}");
    // What is no finding stops the build, and no argument is read by the shell.
    assert!(told.contains("error: gift check ended with exit code 2"), "{told}");
    assert!(!shop.file("harmed").exists());
    let told = run(&format!("gift.call('check', {check})"));
    assert!(told.contains("P10 secret-data-base64") && told.contains("ended with exit code 1"), "{told}");
    let told = run("println 'code: ' + gift.call('help')");
    assert!(told.contains("Usage: gift") && told.contains("code: 0"), "{told}");
}
