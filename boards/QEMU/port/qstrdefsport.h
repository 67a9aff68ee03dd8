// Strings that the port uses by name.
Q(/flash)
Q(/flash/lib)
Q(/lib)
