//! The commands of the documentation, run as they stand there.
//!
//! A fenced block marked `console` is run: lines that begin with `$ ` (and `> ` for what goes on) are
//! commands, the others are parts of what they print, in this order; `...` stands for anything. Words
//! behind `console` say where: `helm3` for a machine whose `helm` is Helm 3, `cluster` for one with a
//! cluster, `published` for one with a cluster and nothing of this project, which is all on a server;
//! `exit=1` for a last command that ends so.

use crate::workplace::{Workplace, repository, text};
use std::fs;

/// A block of a document.
#[derive(Debug)]
struct Block {
    /// Where it begins, for messages.
    place: String,
    words: Vec<String>,
    commands: Vec<(String, Vec<String>)>,
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    fn exit_code(&self) -> i32 {
        self.words.iter().find_map(|word| word.strip_prefix("exit=")).map_or(0, |code| code.parse().unwrap())
    }
}

fn blocks(document: &str) -> Vec<Block> {
    let content = fs::read_to_string(repository().join(document)).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in content.lines().enumerate() {
        if let Some(fence) = line.strip_prefix("```") {
            let mut words = fence.split_whitespace();
            open = !open && words.next() == Some("console");
            if open {
                let place = format!("{document}:{}", index + 1);
                blocks.push(Block { place, words: words.map(str::to_owned).collect(), commands: Vec::new() });
            }
        } else if open {
            let commands = &mut blocks.last_mut().unwrap().commands;
            if let Some(command) = line.strip_prefix("$ ") {
                commands.push((command.to_owned(), Vec::new()));
            } else if let Some(more) = line.strip_prefix("> ") {
                let command = &mut commands.last_mut().unwrap().0;
                command.push('\n');
                command.push_str(more);
            } else if line != "..." && !line.trim().is_empty() {
                commands.last_mut().expect("a block begins with a command").1.push(line.to_owned());
            }
        }
    }
    blocks
}

fn run(block: &Block, workplace: &Workplace) {
    run_in(block, workplace, ".");
}

/// Runs a block in a folder of the workplace.
fn run_in(block: &Block, workplace: &Workplace, folder: &str) {
    for (index, (command, expected)) in block.commands.iter().enumerate() {
        let mut shell = workplace.command("sh");
        shell.current_dir(workplace.path().join(folder));
        let output = shell.args(["-c", &format!("exec 2>&1\n{command}")]).output().unwrap();
        let printed = text(&output.stdout);
        let code = if index + 1 == block.commands.len() { block.exit_code() } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{}: {command}\n{printed}", block.place);
        let mut rest = printed.as_str();
        for line in expected {
            let Some(at) = rest.find(line.as_str()) else {
                panic!(
                    "{}: {command}\ndoes not print, where the document says so:\n{line}\nbut:\n{printed}",
                    block.place
                );
            };
            rest = &rest[at + line.len()..];
        }
    }
}

/// Runs the blocks of a document that need a cluster, on one that `workplace` can reach.
pub(crate) fn run_cluster_blocks(document: &str, workplace: &Workplace) {
    for block in blocks(document).iter().filter(|block| block.is("cluster")) {
        run(block, workplace);
    }
}

/// Runs the blocks of a document for whoever has nothing yet, with the second of two words in place of the first: a
/// server, for one, in place of the one that stands there.
pub(crate) fn run_published_blocks(
    document: &str,
    workplace: &Workplace,
    replacements: &[(&str, &str)],
) -> usize {
    let mut commands = 0;
    for mut block in blocks(document).into_iter().filter(|block| block.is("published")) {
        for (command, _) in &mut block.commands {
            for (from, to) in replacements {
                *command = command.replace(from, to);
            }
        }
        commands += block.commands.len();
        run(&block, workplace);
    }
    commands
}

#[test]
fn the_readme_does_what_it_says() {
    let workplace = Workplace::new(4);
    let blocks = blocks("README.md");
    assert!(blocks.len() > 5, "the README teaches by commands");
    for block in
        blocks.iter().filter(|block| ["cluster", "helm3", "published"].iter().all(|word| !block.is(word)))
    {
        run(block, &workplace);
    }
}

#[test]
fn the_readme_does_what_it_says_for_helm_3() {
    let workplace = Workplace::new(3);
    for block in blocks("README.md").iter().filter(|block| block.is("helm3") && !block.is("cluster")) {
        run(block, &workplace);
    }
}

/// An empty folder beside a checkout.
fn empty_folder() -> (Workplace, &'static str) {
    let workplace = Workplace::new(4);
    let checkout = workplace.path().join("gift");
    fs::create_dir(&checkout).unwrap();
    fs::rename(workplace.path().join("chart"), checkout.join("chart")).unwrap();
    fs::create_dir(workplace.path().join("empty")).unwrap();
    (workplace, "empty")
}

#[test]
fn the_tutorial_does_what_it_says_from_an_empty_folder() {
    let (workplace, folder) = empty_folder();
    let blocks = blocks("docs/tutorial.md");
    assert!(blocks.len() > 8, "the tutorial teaches by commands");
    for block in blocks.iter().filter(|block| !block.is("cluster")) {
        run_in(block, &workplace, folder);
    }
}

/// A cluster that is taken down however the test ends.
struct OwnCluster<'a> {
    name: String,
    workplace: &'a Workplace,
}

impl Drop for OwnCluster<'_> {
    fn drop(&mut self) {
        let _ = self.workplace.command("gift").args(["down", "--quiet", "--name", &self.name]).status();
    }
}

#[test]
fn the_tutorial_does_what_it_says_on_a_cluster() {
    let (workplace, folder) = empty_folder();
    // Another run may be at the same page.
    let cluster = OwnCluster { name: format!("tutorial-{}", std::process::id()), workplace: &workplace };
    let mut all = blocks("docs/tutorial.md");
    let named = all.iter_mut().flat_map(|block| &mut block.commands).map(|(command, _)| command);
    let replaced: usize = named
        .map(|command| {
            let own = command.replace("--name tutorial", &format!("--name {}", cluster.name));
            usize::from(std::mem::replace(command, own.clone()) != own)
        })
        .sum();
    assert_eq!(replaced, 3);
    run_in(&all[0], &workplace, folder);
    for block in all.iter().filter(|block| block.is("cluster")) {
        run_in(block, &workplace, folder);
    }
}

#[test]
fn files_the_documentation_names_are_there() {
    for document in ["README.md", "CONTRIBUTING.md"] {
        let content = fs::read_to_string(repository().join(document)).unwrap();
        for name in
            content.split(['`', '(', ')', ' ', '\n', '|']).map(|word| word.trim_end_matches(['/', '.', ',']))
        {
            let top = name.split('/').next().unwrap();
            let literal = !name.contains(['<', '*', '$', '{', '=', ':']) && name.contains('/');
            // What a user makes, and what a build makes, is in no repository.
            let made = name.contains(".secrets.env") || top == "target";
            if literal
                && !made
                && ["chart", "values", "plugin", "harness", "tests", "ci", "docs"].contains(&top)
            {
                assert!(repository().join(name).exists(), "{document} names {name}, which is not there");
            }
        }
    }
}
