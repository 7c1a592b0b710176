# options: -W error
import warnings
warnings.warn("becomes an error")
