//! Which part of an object made an expression false, or fail.
//!
//! An expression that does not hold is walked again: a conjunction is blamed on the operands that do
//! not hold, `all` on the elements that break it, a comparison on the places its operands were read
//! from. Nothing is recorded while an expression runs, so only failures pay for this.
//!
//! Depends on [`super::evaluate`] and [`super::program`].

use super::activation::Activation;
use super::ast::Operator;
use super::budget::Budget;
use super::evaluate::Evaluator;
use super::program::{Fold, FoldKind, Program, Step, StepKind};
use super::value::{Key, MapView, Value};
use crate::yaml::{Node, Segment};

/// A place that is to blame: the node that is there, and the steps below it that lead nowhere.
#[derive(Clone, Debug)]
pub struct Blame<'a> {
    /// The deepest node that exists.
    pub node: &'a Node<'a>,
    /// What was looked for below it and is not there.
    pub missing: Vec<Segment>,
}

impl PartialEq for Blame<'_> {
    /// Two blames are the same when they are about the same node, wherever equal ones may stand.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.node, other.node) && self.missing == other.missing
    }
}

/// The places that keep `program` from being true, in the order they were found.
pub(super) fn blame<'a>(
    program: &'a Program,
    activation: &Activation<'a>,
    budget: &mut Budget,
) -> Vec<Blame<'a>> {
    let mut search = Search::new(activation, budget);
    search.explain(&program.root, true);
    search.found
}

struct Search<'a, 'r> {
    evaluator: Evaluator<'a, 'r>,
    /// For each variable of a macro, the node it stands for: the value's, where the variable is a key.
    origins: Vec<Option<&'a Node<'a>>>,
    found: Vec<Blame<'a>>,
}

impl<'a, 'r> Search<'a, 'r> {
    const fn new(activation: &'r Activation<'a>, budget: &'r mut Budget) -> Self {
        Self { evaluator: Evaluator::new(activation, budget), origins: Vec::new(), found: Vec::new() }
    }

    fn value(&mut self, step: &'a Step) -> Option<Value<'a>> {
        self.evaluator.evaluate(step).ok()
    }

    fn truth(&mut self, step: &'a Step) -> Option<bool> {
        self.value(step)?.as_bool()
    }

    fn push(&mut self, node: &'a Node<'a>, missing: Vec<Segment>) {
        let blame = Blame { node, missing };
        if !self.found.contains(&blame) {
            self.found.push(blame);
        }
    }

    fn push_value(&mut self, value: &Value<'a>) {
        if let Some(node) = node_of(value) {
            self.push(node, Vec::new());
        }
    }

    /// Looks for what keeps `step` from being `wanted`.
    fn explain(&mut self, step: &'a Step, wanted: bool) {
        match &step.kind {
            StepKind::And(operands) | StepKind::Or(operands) => {
                // One operand that is not as wanted is enough to break a conjunction, all of them
                // together to break a disjunction, where the last one is what is asked for if the
                // ones before, as in `!has(x) || x > 0`, do not apply.
                let all_needed = matches!(step.kind, StepKind::And(_)) == wanted;
                if all_needed {
                    for operand in operands {
                        if self.truth(operand) != Some(wanted) {
                            self.explain(operand, wanted);
                        }
                    }
                } else {
                    operands.iter().rev().for_each(|operand| self.explain(operand, wanted));
                }
            }
            StepKind::Not(operand) => self.explain(operand, !wanted),
            StepKind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                match self.truth(condition) {
                    Some(true) => self.explain(then, wanted),
                    Some(false) => self.explain(otherwise, wanted),
                    None => self.explain(condition, true),
                }
            }
            StepKind::Has { operand, field } => match self.nearest(operand) {
                Some((node, missing)) if missing.is_empty() => match node.get(field) {
                    Some(there) => self.push(there, Vec::new()),
                    None => self.push(node, vec![Segment::Key(field.to_string())]),
                },
                Some((node, mut missing)) => {
                    missing.push(Segment::Key(field.to_string()));
                    self.push(node, missing);
                }
                None => self.places(operand),
            },
            StepKind::Binary(Operator::In, operands) => self.explain_membership(operands, wanted),
            StepKind::Variable { name, .. } => {
                self.within_variable(name, |search, root| search.explain(root, wanted))
            }
            StepKind::Fold(fold) => match (fold.kind, wanted) {
                (FoldKind::All, true) | (FoldKind::Exists, false) => self.explain_elements(fold, wanted),
                _ => self.places(step),
            },
            _ => self.places(step),
        }
    }

    /// `element in container`.
    fn explain_membership(&mut self, operands: &'a [Step; 2], wanted: bool) {
        let [element, container] = operands;
        let key = self.value(element);
        let named = key.as_ref().and_then(|key| key.as_str().map(str::to_owned));
        let is_list = self.value(container).is_some_and(|container| container.as_list().is_some());
        match (named, self.nearest(container)) {
            (Some(name), Some((node, mut missing))) if !is_list => match node.get(&name) {
                Some(there) if missing.is_empty() && !wanted => self.push(there, Vec::new()),
                _ => {
                    missing.push(Segment::Key(name));
                    self.push(node, missing);
                }
            },
            _ => {
                self.places(element);
                self.places(container);
            }
        }
    }

    /// The elements for which the condition is not as wanted.
    fn explain_elements(&mut self, fold: &'a Fold, wanted: bool) {
        let elements = self.value(&fold.range).and_then(|range| {
            let elements = Evaluator::elements(&range, fold.two).ok()?;
            Some((range, elements))
        });
        let (Some((range, elements)), Some(predicate)) = (elements, &fold.predicate) else {
            self.places(&fold.range);
            return;
        };
        for (first, second) in elements {
            let origin = origin(&range, &first);
            self.evaluator.bind(fold.slot, first, second);
            self.origins.truncate(fold.slot);
            self.origins.resize(fold.slot, None);
            self.origins.extend([origin, origin]);
            if self.truth(predicate) != Some(wanted) {
                let before = self.found.len();
                self.explain(predicate, wanted);
                if let (true, Some(element)) = (self.found.len() == before, origin) {
                    self.push(element, Vec::new());
                }
            }
            self.evaluator.locals.truncate(fold.slot);
            self.origins.truncate(fold.slot);
        }
    }

    /// The places `step` was computed from.
    fn places(&mut self, step: &'a Step) {
        match &step.kind {
            StepKind::Literal(_) | StepKind::UndefinedType(_) => {}
            StepKind::Root(_) => {
                if let Some(value) = self.value(step) {
                    self.push_value(&value);
                }
            }
            StepKind::Local(slot) => match self.origins.get(*slot) {
                Some(Some(origin)) => self.push(origin, Vec::new()),
                _ => {
                    if let Some(value) = self.value(step) {
                        self.push_value(&value);
                    }
                }
            },
            StepKind::Variable { name, .. } => match self.value(step).as_ref().and_then(node_of) {
                Some(node) => self.push(node, Vec::new()),
                None => self.within_variable(name, |search, root| search.places(root)),
            },
            StepKind::Select { operand, .. } | StepKind::Index { operand, .. } => match self.nearest(step) {
                Some((node, missing)) => self.push(node, missing),
                None => self.places(operand),
            },
            StepKind::Has { .. } => self.explain(step, true),
            StepKind::And(operands) | StepKind::Or(operands) => {
                operands.iter().for_each(|operand| self.places(operand));
            }
            StepKind::Not(operand) | StepKind::Negate(operand) => self.places(operand),
            StepKind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                match self.truth(condition) {
                    Some(true) => self.places(then),
                    Some(false) => self.places(otherwise),
                    None => self.places(condition),
                }
            }
            StepKind::Binary(_, operands) => operands.iter().for_each(|operand| self.places(operand)),
            StepKind::OrElse { operands, .. } => operands.iter().for_each(|operand| self.places(operand)),
            StepKind::Call(call) => call.arguments.iter().for_each(|argument| self.places(argument)),
            StepKind::List(elements) => elements.iter().for_each(|(_, element)| self.places(element)),
            StepKind::Map(entries) => entries.iter().for_each(|(_, _, value)| self.places(value)),
            StepKind::OptionalMap { operand, .. } => self.places(operand),
            StepKind::Fold(fold) => {
                let before = self.found.len();
                if let Some(list) = self.value(step).as_ref().and_then(Value::as_list) {
                    list.iter().for_each(|element| self.push_value(&element));
                }
                if self.found.len() == before {
                    self.places(&fold.range);
                }
            }
        }
    }

    /// The node `step` gives, or the deepest one on the way there and what is missing below it.
    fn nearest(&mut self, step: &'a Step) -> Option<(&'a Node<'a>, Vec<Segment>)> {
        if let Some(node) = self.value(step).as_ref().and_then(node_of) {
            return Some((node, Vec::new()));
        }
        match &step.kind {
            StepKind::Select { operand, field, .. } => {
                let (node, mut missing) = self.nearest(operand)?;
                missing.push(Segment::Key(field.to_string()));
                Some((node, missing))
            }
            StepKind::Index { operand, index, .. } => {
                let segment = match self.value(index)?.to_key()? {
                    Key::String(key) => Segment::Key(key.to_string()),
                    Key::Int(index) => Segment::Index(usize::try_from(index).ok()?),
                    Key::Uint(index) => Segment::Index(usize::try_from(index).ok()?),
                    Key::Bool(_) | Key::Double(_) => return None,
                };
                let (node, mut missing) = self.nearest(operand)?;
                missing.push(segment);
                Some((node, missing))
            }
            StepKind::OrElse { operands, .. } => self.nearest(&operands[0]),
            StepKind::Local(slot) => {
                self.origins.get(*slot).copied().flatten().map(|origin| (origin, Vec::new()))
            }
            StepKind::Variable { name, .. } => {
                let mut nearest = None;
                self.within_variable(name, |search, root| nearest = search.nearest(root));
                nearest
            }
            _ => None,
        }
    }

    /// Continues in the expression of `variables.<name>`, which sees no variables of macros around it.
    fn within_variable(&mut self, name: &str, search: impl FnOnce(&mut Search<'a, '_>, &'a Step)) {
        let Some(program) = self.evaluator.activation.variable_program(name) else { return };
        let mut inner = Search::new(self.evaluator.activation, self.evaluator.budget);
        std::mem::swap(&mut inner.found, &mut self.found);
        // Taking a level keeps variables that refer to one another in a circle from going on forever.
        if inner.evaluator.budget.enter().is_ok() {
            search(&mut inner, &program.root);
            inner.evaluator.budget.leave();
        }
        self.found = inner.found;
    }
}

/// The node a value stands at, optionals looked into.
fn node_of<'a>(value: &Value<'a>) -> Option<&'a Node<'a>> {
    match value {
        Value::Node(node) => Some(node),
        Value::Optional(Some(value)) => node_of(value),
        _ => None,
    }
}

/// The node of the element of `range` a macro's first variable stands for.
fn origin<'a>(range: &Value<'a>, first: &Value<'a>) -> Option<&'a Node<'a>> {
    match (range.as_list(), range.as_map(), first) {
        (Some(list), _, Value::Int(index)) if node_of(first).is_none() => {
            node_of(&list.get(usize::try_from(*index).ok()?)?)
        }
        (_, Some(MapView::Mapping(mapping)), key) => mapping.get(key.as_str()?),
        (_, _, first) => node_of(first),
    }
}
