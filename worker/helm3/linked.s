// Functions without a body are linked by name; without this file the compiler would ask for bodies.
