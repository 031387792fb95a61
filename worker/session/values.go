package session

// Copy gives values that share nothing with those given: templates may change what they are given.
func Copy(values map[string]any) map[string]any {
	if values == nil {
		return nil
	}
	copied := make(map[string]any, len(values))
	for key, value := range values {
		copied[key] = copyOf(value)
	}
	return copied
}

func copyOf(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return Copy(value)
	case []any:
		if value == nil {
			return value
		}
		copied := make([]any, len(value))
		for index, item := range value {
			copied[index] = copyOf(item)
		}
		return copied
	default:
		// Numbers, text, booleans and nothing cannot be changed.
		return value
	}
}

// Over lays values over others, key by key; neither is changed, and both live on in the result.
func Over(below, above map[string]any) map[string]any {
	merged := make(map[string]any, len(below)+len(above))
	for key, value := range below {
		merged[key] = value
	}
	for key, value := range above {
		mine, isMap := value.(map[string]any)
		theirs, wasMap := merged[key].(map[string]any)
		if isMap && wasMap {
			value = Over(theirs, mine)
		}
		merged[key] = value
	}
	return merged
}
