class FormFile:
    Filename: str
    ContentType: str
    Content: bytes
