package compiled

// one, two and three are the values of so many arguments, the last of which may stand before the call.
func one(own *frame, arguments []expression, before any) any {
	if len(arguments) == 1 {
		return arguments[0](own)
	}
	return before
}

func two(own *frame, arguments []expression, before any) (first, second any) {
	first = arguments[0](own)
	if len(arguments) == 2 {
		return first, arguments[1](own)
	}
	return first, before
}

func three(own *frame, arguments []expression, before any) (first, second, third any) {
	first, second = arguments[0](own), arguments[1](own)
	if len(arguments) == 3 {
		return first, second, arguments[2](own)
	}
	return first, second, before
}

// as is an argument as what a parameter takes.
func as[Of any](value any) Of {
	of, ok := value.(Of)
	if !ok {
		unable("%T for a parameter of type %T", value, of)
	}
	return of
}

// table is an argument for a parameter that takes a map, to which nothing is an empty one.
func (own *frame) table(value any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return value
	case nil:
		return nil
	}
	table, ok := own.run.set.table(value)
	if !ok {
		unable("%T for a map", value)
	}
	return table
}

func (own *frame) tables(values []any) []map[string]any {
	tables := make([]map[string]any, len(values))
	for index, value := range values {
		tables[index] = own.table(value)
	}
	return tables
}

// sure is the value of a function that may fail; text/template tells why it did.
func sure(value any, err error) any {
	if err != nil {
		unable("%v", err)
	}
	return value
}

// direct calls functions of the types most have without reflection; it gives nothing for those of others.
func direct(function any, arguments []expression, count, more int) command {
	switch function := function.(type) {
	case func(...any) map[string]any:
		return func(own *frame, before any) any { return function(plainly(own, arguments, before, more)...) }
	case func(...any) []any:
		return func(own *frame, before any) any { return function(plainly(own, arguments, before, more)...) }
	case func(...any) string:
		return func(own *frame, before any) any { return function(plainly(own, arguments, before, more)...) }
	case func(...any) (any, error):
		return func(own *frame, before any) any { return sure(function(plainly(own, arguments, before, more)...)) }
	case func(map[string]any, ...map[string]any) any:
		if count > 0 {
			return func(own *frame, before any) any {
				tables := own.tables(listed(own, arguments, before, more))
				return function(tables[0], tables[1:]...)
			}
		}
	case func(map[string]any, ...map[string]any) (any, error):
		if count > 0 {
			return func(own *frame, before any) any {
				tables := own.tables(listed(own, arguments, before, more))
				return sure(function(tables[0], tables[1:]...))
			}
		}
	case func(string, ...any) string:
		if count > 0 {
			return func(own *frame, before any) any {
				values := plainly(own, arguments, before, more)
				return function(as[string](values[0]), values[1:]...)
			}
		}
	case func(...map[string]any) []string:
		return func(own *frame, before any) any {
			return function(own.tables(listed(own, arguments, before, more))...)
		}
	case func(map[string]any, ...string) map[string]any:
		if count > 0 {
			return func(own *frame, before any) any {
				values := listed(own, arguments, before, more)
				words := make([]string, len(values)-1)
				for index, value := range values[1:] {
					words[index] = as[string](value)
				}
				return function(own.table(values[0]), words...)
			}
		}
	case func(any, ...any) any:
		if count > 0 {
			return func(own *frame, before any) any {
				values := plainly(own, arguments, before, more)
				return function(values[0], values[1:]...)
			}
		}
	}
	switch count {
	case 1:
		return directOne(function, arguments)
	case 2:
		return directTwo(function, arguments)
	case 3:
		return directThree(function, arguments)
	}
	return nil
}

func directOne(function any, arguments []expression) command {
	switch function := function.(type) {
	case func(any) string:
		return func(own *frame, before any) any { return function(plain(one(own, arguments, before))) }
	case func(any) bool:
		return func(own *frame, before any) any { return function(plain(one(own, arguments, before))) }
	case func(any) int:
		return func(own *frame, before any) any { return function(plain(one(own, arguments, before))) }
	case func(any) int64:
		return func(own *frame, before any) any { return function(plain(one(own, arguments, before))) }
	case func(any) any:
		return func(own *frame, before any) any { return function(plain(one(own, arguments, before))) }
	case func(any) []string:
		return func(own *frame, before any) any { return function(plain(one(own, arguments, before))) }
	case func(string) string:
		return func(own *frame, before any) any { return function(as[string](one(own, arguments, before))) }
	case func(string) map[string]any:
		return func(own *frame, before any) any { return function(as[string](one(own, arguments, before))) }
	}
	return nil
}

func directTwo(function any, arguments []expression) command {
	switch function := function.(type) {
	case func(any, any) bool:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(plain(first), plain(second))
		}
	case func(any, any) []any:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(plain(first), plain(second))
		}
	case func(string, any) bool:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(as[string](first), plain(second))
		}
	case func(string, string) string:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(as[string](first), as[string](second))
		}
	case func(string, string) bool:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(as[string](first), as[string](second))
		}
	case func(int, string) string:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(as[int](first), as[string](second))
		}
	case func(map[string]any, string) bool:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(own.table(first), as[string](second))
		}
	case func(map[string]any, string) any:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(own.table(first), as[string](second))
		}
	case func(map[string]any, string) map[string]any:
		return func(own *frame, before any) any {
			first, second := two(own, arguments, before)
			return function(own.table(first), as[string](second))
		}
	}
	return nil
}

func directThree(function any, arguments []expression) command {
	switch function := function.(type) {
	case func(map[string]any, string, any) map[string]any:
		return func(own *frame, before any) any {
			first, second, third := three(own, arguments, before)
			return function(own.table(first), as[string](second), plain(third))
		}
	case func(any, any, bool) any:
		return func(own *frame, before any) any {
			first, second, third := three(own, arguments, before)
			return function(plain(first), plain(second), as[bool](third))
		}
	case func(string, string, string) string:
		return func(own *frame, before any) any {
			first, second, third := three(own, arguments, before)
			return function(as[string](first), as[string](second), as[string](third))
		}
	}
	return nil
}
