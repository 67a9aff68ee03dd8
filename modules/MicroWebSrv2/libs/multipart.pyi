def safe_filename(name: str) -> str: ...

class Part:
    Name: str
    Filename: str
    ContentType: str
