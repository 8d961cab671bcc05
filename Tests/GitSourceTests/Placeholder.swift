// GitSource
