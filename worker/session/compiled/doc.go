// Package compiled executes parsed templates as functions of Go, made once from each set: the same output as
// text/template gives, without reflection on maps, texts and the functions charts call most.
//
// What it does not know how to do, and every mistake in a template, ends an execution with ErrUnable: whoever
// asked has text/template do it then, whose errors are those to be shown. It depends on text/template/parse for
// the trees and on text/template for what is rare (the truth of odd values, escaping).
package compiled
