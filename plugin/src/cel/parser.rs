//! Tokens as an expression: precedence, brackets, literals.
//!
//! Depends on [`super::ast`], [`super::lexer`], [`super::macros`] and [`super::error`].

use super::ast::{Element, Entry, Expression, ExpressionKind, Operator};
use super::error::{CompileError, first};
use super::lexer::{Token, TokenKind, tokens};
use super::macros;

/// How many levels an expression may have, as in the API server.
const MAX_DEPTH: usize = 250;

/// Names nobody may use for a variable or a function.
const RESERVED: [&str; 15] = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "return", "var", "void",
];
const RESERVED_TOO: [&str; 3] = ["namespace", "while", "in"];

fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_TOO.contains(&name)
}

/// Whether a variable may have that name.
pub(crate) fn is_identifier(name: &str) -> bool {
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word
        && !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !is_reserved(name)
        && !matches!(name, "true" | "false" | "null")
}

/// Reads the expression in `source`, for Kubernetes `1.<minor>`.
pub(super) fn parse(source: &str, minor: u32) -> Result<Expression, CompileError> {
    let (tokens, mistakes) = tokens(source);
    let mut parser = Parser { source, minor, tokens, position: 0, nesting: 0, mistakes };
    let read = parser.whole();
    let mut mistakes = parser.mistakes;
    match read {
        Ok(expression) => first(mistakes).map_or(Ok(expression), Err),
        Err(error) => {
            mistakes.push(error.clone());
            Err(first(mistakes).unwrap_or(error))
        }
    }
}

struct Parser<'s> {
    source: &'s str,
    minor: u32,
    tokens: Vec<Token<'s>>,
    position: usize,
    nesting: usize,
    /// What is wrong with what could be read all the same.
    mistakes: Vec<CompileError>,
}

impl<'s> Parser<'s> {
    fn whole(&mut self) -> Result<Expression, CompileError> {
        let expression = self.expression()?;
        if self.peek().kind != TokenKind::End {
            return self.superfluous();
        }
        Ok(expression)
    }

    /// Notes a mistake and goes on with something in the place of what is wrong.
    fn mistake(&mut self, offset: usize, message: impl Into<String>) -> ExpressionKind {
        self.mistakes.push(CompileError::new(self.source, offset, message));
        ExpressionKind::Null
    }

    fn peek(&self) -> &Token<'s> {
        // The last token is `End`, and nothing moves beyond it.
        &self.tokens[self.position.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token<'s> {
        let token = self.peek().clone();
        self.position = (self.position + 1).min(self.tokens.len() - 1);
        token
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Symbol && token.text == symbol
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.next();
        }
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), CompileError> {
        if self.take_symbol(symbol) { Ok(()) } else { self.unexpected(&format!("'{symbol}'")) }
    }

    fn error<T>(&self, offset: usize, message: impl Into<String>) -> Result<T, CompileError> {
        Err(CompileError::new(self.source, offset, message))
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, CompileError> {
        let token = self.peek();
        self.error(
            token.offset,
            format!("Syntax error: mismatched input '{}' expecting {expected}", token.text),
        )
    }

    /// Something stands behind the expression. The API server leaves out one word to read on, so it
    /// says something else when that is all there is.
    fn superfluous<T>(&self) -> Result<T, CompileError> {
        let token = self.peek();
        match self.tokens.get(self.position + 1).map(|next| &next.kind) {
            Some(TokenKind::End) => self.error(
                token.offset,
                format!("Syntax error: extraneous input '{}' expecting <EOF>", token.text),
            ),
            _ => self.unexpected("<EOF>"),
        }
    }

    fn too_deep<T>(&self, offset: usize) -> Result<T, CompileError> {
        self.error(offset, format!("expression recursion limit exceeded: {MAX_DEPTH}"))
    }

    /// An expression over parts whose deepest has `depth` levels.
    fn over(&self, offset: usize, depth: usize, kind: ExpressionKind) -> Result<Expression, CompileError> {
        if depth >= MAX_DEPTH {
            return self.too_deep(offset);
        }
        Ok(Expression { kind, offset, depth: depth + 1 })
    }

    fn operation(
        &self,
        offset: usize,
        operator: Operator,
        operands: Vec<Expression>,
    ) -> Result<Expression, CompileError> {
        let depth = deepest(&operands);
        self.over(offset, depth, ExpressionKind::Operation { operator, operands })
    }

    fn note_misuse(&mut self, target: Option<&Expression>, function: &str, arguments: &[Expression]) {
        if let Some((offset, message)) = macros::misuse(self.minor, target, function, arguments) {
            self.mistake(offset, message);
        }
    }

    fn expression(&mut self) -> Result<Expression, CompileError> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return self.too_deep(self.peek().offset);
        }
        let condition = self.binary(0)?;
        let offset = self.peek().offset;
        let result = if self.take_symbol("?") {
            let then = self.binary(0)?;
            self.expect_symbol(":")?;
            let otherwise = self.expression()?;
            self.operation(offset, Operator::Conditional, vec![condition, then, otherwise])
        } else {
            Ok(condition)
        };
        self.nesting -= 1;
        result
    }

    /// The operator here and how strongly it binds.
    fn binary_operator(&self) -> Option<(Operator, usize)> {
        let token = self.peek();
        if token.kind == TokenKind::Identifier && token.text == "in" {
            return Some((Operator::In, 2));
        }
        if token.kind != TokenKind::Symbol {
            return None;
        }
        Some(match token.text {
            "||" => (Operator::Or, 0),
            "&&" => (Operator::And, 1),
            "==" => (Operator::Equal, 2),
            "!=" => (Operator::NotEqual, 2),
            "<" => (Operator::Less, 2),
            "<=" => (Operator::LessOrEqual, 2),
            ">" => (Operator::Greater, 2),
            ">=" => (Operator::GreaterOrEqual, 2),
            "+" => (Operator::Add, 3),
            "-" => (Operator::Subtract, 3),
            "*" => (Operator::Multiply, 4),
            "/" => (Operator::Divide, 4),
            "%" => (Operator::Modulo, 4),
            _ => return None,
        })
    }

    /// Operators that bind at least as strongly as `weakest`.
    fn binary(&mut self, weakest: usize) -> Result<Expression, CompileError> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) =
            self.binary_operator().filter(|(_, strength)| *strength >= weakest)
        {
            let offset = self.next().offset;
            let right = self.binary(strength + 1)?;
            left = match left {
                // A chain is one expression, so its length adds no depth.
                Expression {
                    kind: ExpressionKind::Operation { operator: same, mut operands },
                    offset,
                    depth,
                } if same == operator && strength < 2 => {
                    let depth = depth.max(right.depth + 1);
                    operands.push(right);
                    self.over(offset, depth - 1, ExpressionKind::Operation { operator, operands })?
                }
                left => self.operation(offset, operator, vec![left, right])?,
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, CompileError> {
        let Token { offset, text: symbol, .. } = *self.peek();
        if !(self.is_symbol("!") || self.is_symbol("-")) {
            return self.member();
        }
        let mut count = 0;
        while self.is_symbol(symbol) {
            // `-1` is a literal, and `--1` two operators before one.
            let is_literal = count == 0
                && symbol == "-"
                && matches!(
                    self.tokens.get(self.position + 1).map(|token| &token.kind),
                    Some(TokenKind::Int | TokenKind::Double)
                );
            if is_literal {
                break;
            }
            self.next();
            count += 1;
        }
        let operand = self.member()?;
        if count % 2 == 0 {
            return Ok(operand);
        }
        let operator = if symbol == "!" { Operator::Not } else { Operator::Negate };
        self.operation(offset, operator, vec![operand])
    }

    fn member(&mut self) -> Result<Expression, CompileError> {
        let mut operand = self.primary()?;
        loop {
            let offset = self.peek().offset;
            if self.take_symbol(".") {
                let optional = self.take_symbol("?");
                let name = self.next();
                if name.kind != TokenKind::Identifier || matches!(name.text, "in" | "true" | "false" | "null")
                {
                    self.position = self.position.saturating_sub(1);
                    return self.error(
                        name.offset,
                        format!(
                            "Syntax error: no viable alternative at input '.{}'",
                            if name.kind == TokenKind::End { "" } else { name.text }
                        ),
                    );
                }
                let open = self.peek().offset;
                operand = if !optional && self.take_symbol("(") {
                    let arguments = self.arguments(")")?;
                    let depth = operand.depth.max(deepest(&arguments));
                    let function = name.text.to_owned();
                    self.note_misuse(Some(&operand), &function, &arguments);
                    self.over(
                        open,
                        depth,
                        ExpressionKind::Call { target: Some(Box::new(operand)), function, arguments },
                    )?
                } else {
                    let depth = operand.depth;
                    let field = name.text.to_owned();
                    self.over(
                        offset,
                        depth,
                        ExpressionKind::Select { operand: Box::new(operand), field, optional },
                    )?
                };
            } else if self.take_symbol("[") {
                let optional = self.take_symbol("?");
                let index = self.expression()?;
                self.expect_symbol("]")?;
                let depth = operand.depth.max(index.depth);
                let (operand_box, index) = (Box::new(operand), Box::new(index));
                operand = self.over(
                    offset,
                    depth,
                    ExpressionKind::Index { operand: operand_box, index, optional },
                )?;
            } else if self.is_symbol("{")
                && let Some(name) = qualified_name(&operand)
            {
                return self.message(operand.offset, name);
            } else {
                return Ok(operand);
            }
        }
    }

    /// `Name{field: value}`: read, so that the message can say what the name lacks.
    fn message(&mut self, offset: usize, name: String) -> Result<Expression, CompileError> {
        self.expect_symbol("{")?;
        while !self.take_symbol("}") {
            self.take_symbol("?");
            if self.peek().kind != TokenKind::Identifier {
                return self.unexpected("{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}");
            }
            self.next();
            self.expect_symbol(":")?;
            self.expression()?;
            if !self.take_symbol(",") && !self.is_symbol("}") {
                return self.unexpected("{'}', ','}");
            }
        }
        self.over(offset, 0, ExpressionKind::Message { name })
    }

    /// Expressions up to `close`, without a comma behind the last one.
    fn arguments(&mut self, close: &str) -> Result<Vec<Expression>, CompileError> {
        let mut arguments = Vec::new();
        if self.take_symbol(close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.take_symbol(close) {
                return Ok(arguments);
            }
            if !self.take_symbol(",") {
                return self.unexpected(&format!("{{'{close}', ','}}"));
            }
        }
    }

    fn primary(&mut self) -> Result<Expression, CompileError> {
        let token = self.next();
        let offset = token.offset;
        let kind = match token.kind {
            TokenKind::Symbol => return self.bracket(&token),
            TokenKind::Identifier => match token.text {
                "true" => ExpressionKind::Bool(true),
                "false" => ExpressionKind::Bool(false),
                "null" => ExpressionKind::Null,
                name => return self.name(offset, name, ""),
            },
            TokenKind::Int => self.int(offset, token.text, false),
            TokenKind::Uint => {
                let digits = token.text.trim_end_matches(['u', 'U']);
                match from_digits(digits) {
                    Some(value) => ExpressionKind::Uint(value),
                    None => self.mistake(offset, "invalid uint literal"),
                }
            }
            TokenKind::Double => self.double(offset, token.text, false),
            TokenKind::Unescapable(message) => self.mistake(offset, message),
            TokenKind::Escaped => {
                return self.error(offset, format!("Syntax error: mismatched input '{}'", token.text));
            }
            TokenKind::String(text) => ExpressionKind::String(text),
            TokenKind::Bytes(bytes) => ExpressionKind::Bytes(bytes),
            TokenKind::End => {
                return self.error(
                    offset,
                    "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
                );
            }
        };
        self.over(offset, 0, kind)
    }

    fn int(&mut self, offset: usize, digits: &str, negative: bool) -> ExpressionKind {
        let value = from_digits(digits).and_then(|magnitude| {
            if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
        });
        match value {
            Some(value) => ExpressionKind::Int(value),
            None => self.mistake(offset, "invalid int literal"),
        }
    }

    fn double(&mut self, offset: usize, digits: &str, negative: bool) -> ExpressionKind {
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => ExpressionKind::Double(if negative { -value } else { value }),
            _ => self.mistake(offset, "invalid double literal"),
        }
    }

    fn bracket(&mut self, token: &Token<'s>) -> Result<Expression, CompileError> {
        let offset = token.offset;
        match token.text {
            "(" => {
                let expression = self.expression()?;
                self.expect_symbol(")")?;
                Ok(expression)
            }
            "[" => {
                let mut elements = Vec::new();
                while !self.take_symbol("]") {
                    let optional = self.take_symbol("?");
                    elements.push(Element { optional, value: self.expression()? });
                    if !self.take_symbol(",") && !self.is_symbol("]") {
                        return self.unexpected("{']', ','}");
                    }
                }
                let depth = elements.iter().map(|element| element.value.depth).max().unwrap_or(0);
                self.over(offset, depth, ExpressionKind::List(elements))
            }
            "{" => {
                let mut entries = Vec::new();
                while !self.take_symbol("}") {
                    let optional = self.take_symbol("?");
                    let key = self.expression()?;
                    self.expect_symbol(":")?;
                    entries.push(Entry { optional, key, value: self.expression()? });
                    if !self.take_symbol(",") && !self.is_symbol("}") {
                        return self.unexpected("{'}', ','}");
                    }
                }
                let depth = entries.iter().map(|entry| entry.key.depth.max(entry.value.depth)).max().unwrap_or(0);
                self.over(offset, depth, ExpressionKind::Map(entries))
            }
            "." => {
                if self.peek().kind == TokenKind::Identifier {
                    let name = self.next();
                    return self.name(offset, name.text, ".");
                }
                self.error(self.peek().offset, "Syntax error: no viable alternative at input '.'")
            }
            "-" => {
                let number = self.next();
                let kind = match number.kind {
                    TokenKind::Int => self.int(offset, number.text, true),
                    TokenKind::Double => self.double(offset, number.text, true),
                    _ => {
                        self.position = self.position.saturating_sub(1);
                        return self.unexpected("{NUM_FLOAT, NUM_INT}");
                    }
                };
                self.over(offset, 0, kind)
            }
            symbol => self.error(
                offset,
                format!("Syntax error: extraneous input '{symbol}' expecting {{'[', '{{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}}"),
            ),
        }
    }

    fn name(&mut self, offset: usize, name: &str, prefix: &str) -> Result<Expression, CompileError> {
        if name == "in" {
            return self.error(offset, "Syntax error: mismatched input 'in' expecting IDENTIFIER");
        }
        if is_reserved(name) {
            self.mistake(offset, format!("reserved identifier: {name}"));
        }
        let open = self.peek().offset;
        let qualified = format!("{prefix}{name}");
        if self.take_symbol("(") {
            let arguments = self.arguments(")")?;
            let depth = deepest(&arguments);
            self.note_misuse(None, &qualified, &arguments);
            return self.over(
                open,
                depth,
                ExpressionKind::Call { target: None, function: qualified, arguments },
            );
        }
        self.over(offset, 0, ExpressionKind::Identifier(qualified))
    }
}

fn deepest(expressions: &[Expression]) -> usize {
    expressions.iter().map(|expression| expression.depth).max().unwrap_or(0)
}

fn from_digits(digits: &str) -> Option<u64> {
    match digits.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// `a.b.c`, if the expression is such a chain of names.
pub(super) fn qualified_name(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Identifier(name) => Some(name.clone()),
        ExpressionKind::Select { operand, field, optional: false } => {
            let mut name = qualified_name(operand)?;
            name.push('.');
            name.push_str(field);
            Some(name)
        }
        _ => None,
    }
}
