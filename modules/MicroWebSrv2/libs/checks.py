"""Checks of what an application gives to a setter: one of each kind, for all classes."""


def require(condition, exception, text):  # small: a check
    """Raise exception(text) unless condition is true."""
    if not condition:
        raise exception(text)


def require_callback(value, name, exception=ValueError):  # small: a check
    """Raise exception, which names the argument, unless value is a function or None."""
    require(value is None or callable(value), exception, '"%s" must be a function or None.' % name)


def require_text(value, name):  # small: a check
    """Raise ValueError, which names the argument, unless value is a non-empty str."""
    require(isinstance(value, str) and value, ValueError, '"%s" must be a non-empty string.' % name)


def require_string(value, name):  # small: a check
    """Raise ValueError, which names the argument, unless value is a str."""
    require(isinstance(value, str), ValueError, '"%s" must be a string.' % name)


def is_int(value):
    """Return bool: whether value is an int, and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def require_positive(value, name, exception=ValueError):  # small: a check
    """Raise exception, which names the argument, unless value is an int of 1 or more. Return value."""
    require(is_int(value) and value > 0, exception, '"%s" must be a positive integer.' % name)
    return value


def require_bool(value, name):  # small: a check
    """Raise ValueError, which names the argument, unless value is a bool. Return value."""
    require(isinstance(value, bool), ValueError, '"%s" must be a boolean.' % name)
    return value
