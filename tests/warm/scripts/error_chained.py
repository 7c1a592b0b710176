try:
    {}["missing"]
except KeyError as error:
    raise ValueError("second") from error
